// Package benchedge attacks a wharf of its own on this machine, as a stranger or a user with few rights could, and measures the
// effects: memory, delays for other callers, rights that outlive their revocation. `go test` runs it small; `make bench-edge` runs it
// at full size and prints the table (attack, its effect in earlier versions, its effect now); `make soak` runs a server under churn
// for a longer time. Every attack is bounded and ends on its own.
package benchedge
