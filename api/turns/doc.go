// Package turns bounds what queries of the past take of the server: reads of the log of events and of the audit, and pages of
// metrics.
//
// Job. Serve runs a query with one of its caller's places and in a turn of its own, which ends when the answer begins. Enter
// takes a turn alone, for work that is no answer by itself, and Rest pauses a long query while others wait.
//
// Owner. A server has one Turnstile, which has no goroutine.
//
// Limits. Four queries of a caller are under way at once, each until its client has taken the answer; half as many as there
// are processors work at once. A query waits 10 s for its turn. Turns are given in no order, and within one process.
package turns
