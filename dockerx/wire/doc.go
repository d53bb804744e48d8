// Package wire has the types of Docker's API for containers, images and engines, as wharf returns them to Docker's own tools.
//
// The types are allow lists: a field that is missing here, such as one that a new engine adds, is dropped. This way no field
// is returned that the masking of secrets doesn't know. Names and types are those of Docker's API 1.51, with the fields that
// older clients read, so that they work with engines and clients of all versions.
package wire
