// Package wire has the shapes in which Docker's API shows containers, images and engines, as far as wharf shows them to
// Docker's own tools.
//
// They are lists of what is let through: a field that an engine adds is dropped until it stands here, so that nothing comes
// out that no masking knows. Names and types are Docker's (API 1.51, with what older clients read), so that they decode what
// engines of all versions send, and encode what clients of all versions read.
package wire
