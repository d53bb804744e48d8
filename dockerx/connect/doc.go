// Package connect sends all requests to a Docker engine: over a unix socket, over tcp with or without TLS, or through ssh.
//
// Job. A Transport connects to one engine, sends requests, limits the engine's answers, and classifies why an engine can't
// be reached or understood (FaultKind). There are four ways to send a request:
//
//   - RoundTrip is for Docker's own client: answers of up to 8 MiB.
//   - Open sends a Request and returns the answer with its body unread, for lists, logs, pulls, uploads. Request.Limit is
//     the limit of the body; there is no default, since any default would truncate some long answer.
//   - Upgrade sends a Request and returns the connection itself, for attach and exec. The caller can close one direction
//     of it.
//   - Pass sends a client's Request and returns any answer of the engine, including errors and connections, for clients
//     that have full access to the engine.
//
// All four work over each kind of address. None retries, and none follows a redirect.
//
// Owner. dockerx.Host makes one Transport, and closes it after everything that uses it has ended. The callers of Open, Upgrade
// and Pass close the bodies and connections that they get.
//
// Limits. Dialing takes at most 2 s and a TLS handshake 2 s more; over ssh it takes 10 s, including jumps. An answer's header
// has at most 256 KiB, the text of an error 64 KiB. A request has no deadline except its context's. 64 idle connections are
// kept, for 30 s each; the number of upgraded connections and open answers is not limited here.
package connect
