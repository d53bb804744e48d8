// Package benchaccess measures access control and its cost: the session check, failed logins and their limits, and how soon
// revoked rights end on two replicas. `go test` runs it small, as a test of what must never happen; `make bench-access` runs it at
// full size, together with the suite's own long races, and prints the table of figures.
package benchaccess
