// Package benchterminal measures terminals beside the engine's own: `make bench-terminal`. Its small runs are tests.
package benchterminal
