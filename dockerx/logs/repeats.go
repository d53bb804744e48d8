package logs

import (
	"hash/crc32"
	"slices"
	"sync"
)

// remembered is how many frames a follower compares new ones with.
const remembered = 4096

// repeats finds the frames that an engine sends again. Following over a rotation, engines before 23 read the new file from
// its beginning once more (moby daemon/logger/loggerutils, followLogs). And they open the newest file first, so that a
// reading that meets a rotation has that file twice.
//
// Within a stream times don't go back, so only a frame that isn't later than the last one is looked up. One that
// is back in time and wasn't seen is either repeated from further back than is remembered, or the engine's clock
// was set back: that is errReplay, and the reader resumes at its position, which tells them apart.
type repeats struct {
	exact bool     // the reader has a position at which it can resume
	last  [3]int64 // the time of each stream's last frame
	began [3]bool
	seen  []uint64 // the keys of the latest frames, a ring: added for each frame, looked up for few
	next  int      // in seen, once that is full
}

// repeatsPool has those of readings that have ended.
var repeatsPool = sync.Pool{New: func() any { return &repeats{} }}

func newRepeats(exact bool) *repeats {
	r := repeatsPool.Get().(*repeats)
	*r = repeats{exact: exact, seen: r.seen[:0]}
	return r
}

// check reports whether a frame is to be skipped; before is how many bytes of its line came before it: the pieces of a
// line may be equal, and newer engines give them one time. Errors: errReplay.
func (r *repeats) check(stream Stream, at int64, before int, data []byte) (skip bool, err error) {
	key := uint64(crc32.Checksum(data, castagnoli))<<32 ^ uint64(at)<<2 ^ uint64(stream) ^ uint64(before)<<20 //nolint:gosec // a hash
	if r.began[stream] && at <= r.last[stream] {
		if slices.Contains(r.seen, key) {
			return true, nil
		}
		// The last piece of a long line begins no line, but is one where the engine begins to repeat with it.
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
