package logs

import "time"

// pace compares how fast a log grows with the size of its files.
//
// If the follower inside the engine is behind by more than a file, it silently skips files (moby
// daemon/logger/loggerutils/follow.go, "file rotations were missed"). The times of its lines show how far it is behind. Before
// that is near a file's size, the answer is abandoned: resuming at a position misses nothing.
type pace struct {
	file int64 // bytes of one file; 0: the log isn't rotated

	slot       int64 // the current time slot, by the lines' times
	size, peak int64 // bytes in this slot; the maximum of the latest slots, which decays
	ahead      int64 // the least difference seen between wharf's clock and a line's time, in nanoseconds
	lines      bool  // ahead is set
}

// smallFile is the file size, in bytes, below which a log is polled instead of followed: engines before 23 also miss files
// when they begin to follow during a rotation.
const smallFile = 1 << 20

// small reports whether the log has small files.
func (p *pace) small() bool { return p.file > 0 && p.file < smallFile }

// slotTime is the length of the time slots in which bytes are counted, in nanoseconds.
const slotTime = int64(50 * time.Millisecond)

// overhead is about how many bytes a log's file has for each line in addition to its text.
const overhead = 96

// add counts a batch and returns its estimated bytes in the log's files.
func (p *pace) add(b *Batch) int64 {
	size := int64(len(b.text) + overhead*len(b.Lines))
	if p.file == 0 {
		return size
	}
	if slot := b.Last().At / slotTime; slot != p.slot {
		p.peak = max(p.size, p.peak*7/8)
		p.slot, p.size = slot, 0
	}
	p.size += size
	p.peak = max(p.peak, p.size)
	return size
}

// behind reports whether the log may have grown by half a file since the time of the last line.
func (p *pace) behind(at int64) bool {
	if p.file == 0 {
		return false
	}
	ahead := time.Now().UnixNano() - at
	if !p.lines || ahead < p.ahead {
		p.lines, p.ahead = true, ahead
	}
	grown := float64(ahead-p.ahead) / float64(slotTime) * float64(p.peak)
	return grown > float64(p.file/2) || p.peak > p.file/2
}

// fillsFiles reports whether one answer had so many bytes that a follower could miss a file.
func (p *pace) fillsFiles(size int64) bool { return p.file > 0 && size > p.file/8 }
