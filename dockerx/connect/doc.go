// Package connect is the one way in which requests leave for a Docker engine: over a unix socket, over tcp with or
// without TLS, or through ssh.
//
// Job. A Transport dials one engine, sends requests, bounds what the engine may answer and says in one word
// (FaultKind) why an engine can't be reached or understood. There are four ways to ask:
//
//   - RoundTrip is for Docker's own client: answers of up to 8 MiB.
//   - Open sends a Request and returns the answer as it comes, for lists, logs, pulls, uploads. Request.Limit is what
//     may be read of it; there is no default, since any default would cut a long answer.
//   - Upgrade sends a Request and returns the connection itself, for attach and exec, with a way to end one
//     direction alone.
//   - Pass sends a Request of a client's and returns whatever the engine answers, errors and connections too, for those
//     that may do anything there.
//
// All of them work alike over each kind of address. None retries, and none follows a redirect.
//
// Owner. dockerx.Host makes one Transport, and closes it after everything that uses it has ended. Answers of Open and
// connections of Upgrade belong to the code that asked for them, which closes them.
//
// Limits. Dialing takes at most 2 s, TLS included, and 10 s over ssh, jumps included. An answer's header has at most
// 256 KiB, the text of an error 64 KiB. A request has no deadline but its context's: what runs for hours gets a
// context that lasts for hours. 64 idle connections are kept for 90 s; upgraded connections and open answers are not
// counted here.
package connect
