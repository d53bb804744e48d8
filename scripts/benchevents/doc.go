// Package benchevents measures the event stream from outside: real processes, real connections, and a real engine where one is
// needed. `go test` runs it small, as a test of what must never happen; `make bench-events` runs it at full size and prints the
// table of figures.
package benchevents
