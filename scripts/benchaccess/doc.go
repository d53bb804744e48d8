// Package benchaccess measures which callers may do what, and what asking costs: the session check, logins that
// fail, what limits them, and how soon rights end on two replicas. `go test` runs it small, as a test of
// what must never happen; `make bench-access` runs it at full size, with the suite's own long races,
// and prints the table of figures.
package benchaccess
