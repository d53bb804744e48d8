// Package benchdocker compares Docker's own tools through wharf with the same tools directly on the engine: `make bench-docker`.
// Its small runs are tests.
package benchdocker
