// Package benchoperations compares operations through wharf with Docker's own command line and with the engines' own limits: `make
// bench-operations`. Its small runs are tests.
package benchoperations
