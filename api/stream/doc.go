// Package stream is the one kit for long answers: it serves what an endpoint yields over time as
// server-sent events, as NDJSON or as plain text.
//
// Job. An endpoint gives a source and says which formats it has. The kit chooses the format by the
// Accept header, bounds the streams of a caller and of the server, writes headers and answers HEAD,
// sends heartbeats, and ends the stream with its client, its session, the server or its source. It
// gives each write a deadline, counts bytes and items for the log, and turns a panic of a source or an
// encoder into the end of that one stream.
//
// Two kinds of sources. A Source runs on a goroutine of its own and calls Writer.Send: logs, progress,
// usage. A Poller has no goroutine; it is asked for what is new after it has called notify: a place in a
// log that many clients share. On HTTP/1.1 a stream takes its connection over from net/http and costs
// a few KiB; a pool of as many workers as processors writes for all of them.
//
// Owner. A server has one Kit. Close ends all its streams and the goroutines behind them.
//
// Limits. The kit knows no users, permissions or masking: what a source yields is sent. A source that
// is cut off loses nothing only if its items have ids from which a client can resume. A format without
// comments (Text) has no heartbeat: an idle client that vanished is noticed by TCP alone, after 30 s.
package stream
