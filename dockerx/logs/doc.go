// Package logs reads containers' logs from their engine, or from the log's files, and shares one followed log between many
// subscribers.
//
// Job. A Source asks an engine for one container's log. Read reads a part of it. A Hub follows a log as long as the container
// exists: across disconnects, restarts of the engine and of the container, and rotation of the log's files. Both return
// Batches of lines in the order of the log. All subscribers of a container share one follower. Files searches the files of a
// log on this machine.
//
// Positions. Engines don't number lines. A Position consists of a line's time in nanoseconds, its stream, a checksum of its
// bytes, and a count of lines that are equal in all of these. To resume at a position, the reader requests a tail of the log
// that is long enough to contain the line at the position, and continues after that line. It never requests lines "since" a
// time, for which an engine reads the log from its beginning.
//
// Gaps. If the line at a position is gone, because its file was rotated away or the log was truncated, a Gap reports the
// time span in which lines may be missing.
//
// Owner. dockerx.Host makes one Hub and closes it. A Hub stops following a log 30 s after its last subscriber left.
//
// Limits. A line has at most 256 KiB of text; the rest is cut off and Line.Cut is set. A frame of more than 1 MiB, which no
// engine sends, ends the read with an error.
package logs
