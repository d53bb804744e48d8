// Package benchoperations measures operations beside Docker's own command line and the engines' own limits: `make
// bench-operations`. Its small runs are tests.
package benchoperations
