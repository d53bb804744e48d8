// Package engine is what wharf asks of one Docker engine, over the wire: all requests that leave for an engine, but for
// those that a client wrote and wharf passes on (connect.Transport.Pass).
//
// Job. API is the calls in use, in three parts that go with the three ways to call an engine: Reads, Changes and Follows.
// Negotiate finds the newest version of Docker's API that both sides speak, and returns an API bound to it. Docker's own
// client makes the requests that it makes well; the others are written here, on connect.Request: answers that are large or
// go on, requests with fields that the client doesn't know, connections that are taken over. EachRow and CopyOutput read what is
// in such answers: the rows of a list, the framed output of a process.
//
// Owner. dockerx.Host negotiates one API over its Transport, and again after a failure or where the engine was replaced by
// another. Bodies and connections of Follows, and the bodies among Reads, belong to their callers, which close them.
//
// Limits. An answer has at most 64 MiB (lists), 8 MiB (others), 1 MiB for each line of a stream that is decoded line by
// line; events and logs have no bound as a whole, since their readers bound each part that they keep. EachRow allows rows of
// 2 MiB, and 50,000 of them. Requests that are written here refuse a name that could lead their path elsewhere; Docker's client
// joins what it is given, so that its calls get ids and names that containers.ParseRef or IsName has checked. Nothing is kept,
// repeated or given a deadline: the package knows no host, no cache and no health. Errors are classified in dockerx, but for
// what the call alone can tell: that it was a registry that refused, or that the engine hasn't got the call.
package engine
