// Package logs reads containers' logs from their engine, and hands one reading to many readers.
//
// Job. A Source asks an engine for one container's log. Read reads a part of it, Follow reads on for as long as the
// container exists: over cuts of the connection, restarts of the engine and of the container, and rotation of the
// log's files. Both give Batches of lines in the order of the log. A Hub shares one Follow between all that want
// the same container.
//
// Positions. Engines number no lines. A Position is the time of a line to the nanosecond, its stream, a sum of its
// bytes, and a count for lines that are equal in all of these. After a cut the reader asks for the log's tail, twice
// as long each time, until the line at the position is in it, and goes on after that line. It never asks with
// "since", for which an engine reads a log from its beginning.
//
// What may be missing is said. Where the line at the position is gone (its file was rotated away, the log was
// truncated) a Gap stands in the place of what can't be proved to be there.
//
// Owner. dockerx.Host makes one Hub and closes it. A Hub's readings end 30 s after their last subscriber.
//
// Limits. A line has 256 KiB of text at most; the rest is cut off and Line.Cut says so. A frame of more than 1 MiB
// ends the reading: no engine sends one.
package logs
