// Package events reads one host's events from its engine, so that each event is reported once and in order, and so
// that a gap marks every time span in which events may be missing.
//
// Job. A Reader keeps one event stream open. After a cut it asks for the past from its anchor on, the last event that
// it read: if the engine replays the anchor, nothing is missing; if not, the Reader reports a gap, lists the
// containers, and reports what must have happened meanwhile (Attrs["wharf.inferred"]). It pings beside the stream,
// which alone doesn't distinguish a quiet engine from one that is gone.
//
// Owner. dockerx.Host makes one Reader and calls Run once; Run ends with its context, and with it everything that it
// started. Emit and Up are called from Run's goroutine and must not block.
//
// Limits. One event has at most 256 KiB (a longer one is a gap), 65,536 events or 64 MiB wait between socket and
// processing (beyond that: a gap), 512 keys of the latest events are remembered (twice an engine's ring), and the
// model holds 50,000 containers. An engine is given up after two unanswered pings, 10 to 12 s; streams are opened
// again after 0, 50, 100 … 5,000 ms.
package events
