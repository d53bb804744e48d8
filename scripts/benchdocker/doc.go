// Package benchdocker measures Docker's own tools through wharf beside the same tools on the engine itself: `make bench-docker`.
// Its small runs are tests.
package benchdocker
