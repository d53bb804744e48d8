// Package events reads one host's events from its engine. It reports each event once and in order, and reports a gap for
// every time span in which events may be missing.
//
// Job. A Reader keeps one event stream open. After a disconnect it requests the events since its anchor, the last event that
// it read. If the engine replays the anchor, nothing is missing. If not, the Reader reports a gap, lists the containers, and
// reports the events that must have happened meanwhile (Attrs["wharf.inferred"]). It also pings the engine, since a stream
// without events doesn't show whether the engine is quiet or gone.
//
// Owner. dockerx.Host makes one Reader and calls Run once. Run ends when its context ends, together with everything that it
// started. Emit and Up are called from Run's goroutine and must not block.
//
// Limits. An event has at most 256 KiB; a longer one is reported as a gap. At most 65,536 events or 64 MiB wait between
// socket and processing; further ones are reported as a gap. The keys of the latest 512 events are kept (twice an engine's
// ring), and the model holds at most 50,000 containers. The stream is closed after two unanswered pings in a row, at most
// 12 s after the engine stopped answering. It is reopened after 0, 50, 100 … 5,000 ms.
package events
