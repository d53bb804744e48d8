// Package benchedge attacks a wharf of its own on this machine, as a stranger or a user with few rights may, and
// measures what it costs: memory, the answers of others, rights that live on. `go test` runs it small; `make
// bench-edge` at full size, with the table (attack, what it did before, what it does now), and `make soak` has it work
// under churn for a while. Every attack is bounded and ends by itself.
package benchedge
