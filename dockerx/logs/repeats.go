package logs

import (
	"hash/crc32"
	"slices"
	"sync"
)

// remembered is the number of latest frames that new frames are compared with.
const remembered = 4096

// repeats detects frames that an engine sends again. When engines before 23 follow a log across a rotation, they read the new
// file twice from its beginning (moby daemon/logger/loggerutils, followLogs). They also open the newest file first, so that a
// read during a rotation has that file twice.
//
// Within a stream, times don't decrease, so only a frame that isn't later than the last one is looked up. A frame with an
// earlier time that isn't found may be repeated from further back than remembered, or the engine's clock was set back. check
// then returns errReplay, and the reader resumes at its position, which resolves both.
type repeats struct {
	exact bool     // the reader has a position at which it can resume
	last  [3]int64 // the time of each stream's last frame
	began [3]bool
	seen  []uint64 // the keys of the latest frames, as a ring; every frame is added, few are looked up
	next  int      // index of the oldest key, once the ring is full
}

// repeatsPool is the pool of repeats of reads that have ended.
var repeatsPool = sync.Pool{New: func() any { return &repeats{} }}

func newRepeats(exact bool) *repeats {
	r := repeatsPool.Get().(*repeats)
	*r = repeats{exact: exact, seen: r.seen[:0]}
	return r
}

// check reports whether a frame is a repetition, to be skipped. before is the number of bytes of its line before it, which
// distinguishes equal pieces of a line: newer engines give all pieces the same time. Errors: errReplay.
func (r *repeats) check(stream Stream, at int64, before int, data []byte) (skip bool, err error) {
	key := uint64(crc32.Checksum(data, castagnoli))<<32 ^ uint64(at)<<2 ^ uint64(stream) ^ uint64(before)<<20 //nolint:gosec // a hash
	if r.began[stream] && at <= r.last[stream] {
		if slices.Contains(r.seen, key) {
			return true, nil
		}
		// A repetition may begin with the last piece of a long line, which then looks like a new line (before is 0).
		if r.exact && (at < r.last[stream] || before == 0) {
			return false, errReplay
		}
	}
	r.began[stream], r.last[stream] = true, at
	r.add(key)
	return false, nil
}

func (r *repeats) add(key uint64) {
	if len(r.seen) < remembered {
		r.seen = append(r.seen, key)
		return
	}
	r.seen[r.next] = key
	r.next = (r.next + 1) % remembered
}
