// Package turns bounds the load of queries of the past: reads of the event log and of the audit, and pages of metrics.
//
// Job. Serve runs a query in one of its caller's places and in a turn, which ends when the answer begins. Enter takes only a
// turn, for work that isn't an answer itself. Rest pauses a long query while others wait.
//
// Owner. A server has one Turnstile, which has no goroutine.
//
// Limits. A caller has at most four queries under way, each until its client has read the answer. Half as many queries as there
// are processors work at once. A query waits up to 10 s for its turn. Turns are given in no particular order, and each process
// counts its own.
package turns
