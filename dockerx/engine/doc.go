// Package engine sends requests to one Docker engine: all of wharf's requests except those of clients that wharf passes on
// unchanged (connect.Transport.Pass).
//
// Job. API is the set of calls in use, in three parts for the three ways to call an engine: Reads, Changes and Follows.
// Negotiate finds the newest version of Docker's API that both sides support, and returns an API that uses it. Most requests
// are made by Docker's own client. Where it doesn't serve, this package makes them with connect.Request: for large or endless
// answers, for fields that the client doesn't know, and for connections that are upgraded. EachRow reads the rows of a list,
// CopyOutput the framed output of a process.
//
// Owner. dockerx.Host negotiates one API over its Transport, and again after a failure or when the engine was replaced.
// Callers close the bodies and connections that Reads and Follows return.
//
// Limits. A list has at most 64 MiB, any other answer 8 MiB, and each line of a stream of lines 1 MiB. Events and logs have
// no limit as a whole: their readers limit each part that they keep. EachRow allows 50,000 rows of at most 2 MiB. Requests
// that this package makes reject a name that could change their path. Docker's client doesn't check names, so its calls may
// get only ids and names that containers.ParseRef or IsName has checked. The package caches nothing, retries nothing and sets
// no deadlines. Package dockerx classifies errors, except for two that only the call can recognize: that a registry refused,
// and that the engine doesn't have the call.
package engine
