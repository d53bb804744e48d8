// Package logs combines the logs of many containers into one answer: it merges them by time, filters and searches them, and
// represents the positions in all of them by one cursor.
//
// Job. A Container is one log that the caller may read, as returned by service.Hosts. ReadPage reads a part of several logs,
// Stream their past and then new lines, Search the matching lines, the newest first. An answer never contains lines that its
// Filter rejects.
//
// Order. Lines of one container keep the order of its log. Lines of several containers are merged by time. While following,
// a line waits at most 200 ms for earlier ones of other containers.
//
// Limits. The package checks no permissions: it reads the containers that it is given. It encodes nothing: the lines are
// batches of package dockerx/logs.
package logs
