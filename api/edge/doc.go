// Package edge wraps the server's handlers: it prepares every request before routing, and finishes its answer.
//
// Job. Wrap gives a request its id and its Info, determines where it comes from (Info.Client, Direct, OverTLS, also behind
// trusted proxies), rejects requests that another site makes a browser send, and sets the headers of all answers. It bounds how
// long a client may take to send a body and to read an answer, and how much memory unread answers hold. It turns a panic into an
// answer, logs one line when a request ends, and counts the request.
//
// Owner. A server has one Edge, which has no goroutine. An Info belongs to its request; a detached Info belongs to the code that
// detached it, which also logs its line.
//
// Limits. The package knows no route, actor or permission: callers are authenticated behind it. The server supplies the function
// that answers errors (Options.Fail). Answers that wait for their clients hold at most 32 MiB together; beyond that the oldest
// one is cut off. Streams that take over their connection have their own bounds, in package api/stream.
package edge
