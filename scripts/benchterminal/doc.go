// Package benchterminal compares terminals through wharf with the engine's own: `make bench-terminal`. Its small runs are tests.
package benchterminal
