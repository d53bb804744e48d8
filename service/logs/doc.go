// Package logs makes one answer of many containers' logs: it merges them by time, filters and searches them, and
// names places in all of them by one cursor.
//
// Job. A Container is one log that the caller may read, as service.Hosts hands it out. Page reads a part of several
// logs, Stream their past and then what comes, Search what matches, the newest first. What a Filter drops is never
// part of an answer.
//
// Order. Lines of one container keep the order of its log. Those of several are merged by time. While following, a
// line waits 200 ms for earlier ones of other containers, and not longer for one that is silent.
//
// Limits. The package knows no users: the containers that it is given are read. It encodes nothing: the lines are
// those of package dockerx/logs, in batches.
package logs
