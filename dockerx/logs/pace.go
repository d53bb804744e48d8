package logs

import "time"

// pace compares how fast a log grows with the size of its files.
//
// A follower inside the engine that is behind by more than a file skips files, without a word (moby
// daemon/logger/loggerutils/follow.go, "file rotations were missed"). How far it is behind is seen by the times of its
// lines. Before that comes near a file's length, the answer is given up: a reading that resumes at a position misses
// nothing.
type pace struct {
	file int64 // bytes of one file; 0: the log has one file for ever

	slot       int64 // of the log's time
	size, peak int64 // bytes in this slot; the most of the latest slots
	ahead      int64 // the least that our clock was ahead of a line's time, in nanoseconds
	lines      bool
}

// smallFile is the size below which the files of a log are so short that it isn't followed but read again and again:
// engines before 23 miss files also where they begin to follow while one ends.
const smallFile = 1 << 20

// small reports whether the log has small files.
func (p *pace) small() bool { return p.file > 0 && p.file < smallFile }

// slotTime is how long the slots are in which bytes are counted.
const slotTime = int64(50 * time.Millisecond)

// overhead is what a log's file holds for each line besides its text, about.
const overhead = 96

// add counts a batch and returns its bytes in the log's files.
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

// fillsFiles reports whether what came in one reading is so much of a file that a follower could miss one.
func (p *pace) fillsFiles(size int64) bool { return p.file > 0 && size > p.file/8 }
