// Package edge is what every request passes before it is routed, and its answer after that.
//
// Job. Wrap gives a request its id and its Info, says where it comes from (Info.Client, Direct, OverTLS, with trusted proxies
// in between), refuses what another site makes a browser send, and sets the headers of all answers. It bounds how long a
// client may take to send a body and to take an answer, and how much memory answers hold that their clients don't take. It
// turns a panic into an answer, logs one line when a request ends, and has it counted.
//
// Owner. A server has one Edge, which has no goroutine. An Info belongs to its request; one that is detached belongs to the
// code that detached it, which logs its line.
//
// Limits. No route, actor or permission is known here: callers are authenticated behind it. What answers an error is the server's
// (Options.Fail). Answers that wait for their clients hold 32 MiB together; beyond it the one that waits longest is cut off.
// Streams that take over their connection have bounds of their own, in package api/stream.
package edge
