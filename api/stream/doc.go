// Package stream serves all long answers: it sends the items that an endpoint yields over time as server-sent events, as NDJSON,
// as plain text, or in the formats of Docker's API.
//
// Job. An endpoint supplies a source and lists its formats. The kit chooses the format by the Accept header, bounds the streams
// of a caller and of the server, writes headers and answers HEAD, sends heartbeats, and ends the stream with its client, its
// session, the server or its source. It gives each write a deadline, counts bytes and items for the log, and turns a panic of a
// source or an encoder into the end of that one stream.
//
// There are two kinds of sources. A Source runs on its own goroutine and calls Writer.Send: logs, progress, usage. A Poller has
// no goroutine: it calls notify when it has new items, and the kit polls it. It suits a position in a log that many clients
// share. On HTTP/1.1 a stream takes over its connection from net/http and costs a few KiB. A pool with as many workers as
// processors writes for all streams.
//
// Owner. A server has one Kit. Close ends all its streams and their goroutines.
//
// Limits. The kit knows no users, permissions or masking: it sends everything that a source yields. A client that is cut off
// misses nothing only if the items have ids from which it can resume. A format without comments (Text, Frames, Raw) has no
// heartbeat: only TCP notices that an idle client has vanished, after 30 s.
package stream
