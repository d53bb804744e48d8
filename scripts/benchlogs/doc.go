// Package benchlogs measures containers' logs from outside: real processes, real connections, a real engine. `go test` runs it
// small, as a test of what must never happen; `make bench-logs` runs it at full size and prints the table of figures.
package benchlogs
