package logs

import (
	"context"
	"errors"
	"io"
)

const (
	// firstTail is how many frames the first look at a log's end reads: most resumes are of a moment ago.
	firstTail = 256
	// resumeTail is how many frames a client's resume looks at first: it was away for longer than a follower.
	resumeTail = 1 << 10
	// margin is how many frames are read before those that are wanted: the line at a position must be whole, and
	// what precedes it may be equal to it.
	margin = 128
	// fineTail is from how many frames on a tail is worth another look for a shorter one.
	fineTail = 8 << 10
	maxTail  = 1 << 30
	// disorder is how far back, in nanoseconds, the times of neighbouring lines may go: an engine reads stdout and
	// stderr apart.
	disorder = 100e6
)

// place is where a position was found in a log.
type place struct {
	tail  int  // frames from the end that hold the line at the position, and some before it
	whole bool // they are all that the log has
	first Position
	empty bool // the log has no line
}

// look is what a probe saw.
type look struct {
	first, last Position
	frames      int
	lines       int
}

// locate finds out how long a tail of the log must be to begin before a time. It reads little: after a first look at the end, only the first lines of tails whose length follows from the
// times seen so far.
func locate(ctx context.Context, src Source, at int64) (place, error) {
	end, err := probe(ctx, src, firstTail, true)
	switch {
	case err != nil:
		return place{}, err
	case end.lines == 0:
		return place{tail: all, whole: true, empty: true}, nil
	case end.frames < firstTail:
		return place{tail: all, whole: true, first: end.first}, nil
	case end.first.At < at-disorder:
		return place{tail: firstTail + margin, first: end.first}, nil
	}
	s := tailSearch{ctx: ctx, src: src, at: at - disorder, newest: end.last.At}
	return s.run(bound{firstTail, end.first})
}

// bound is a length of a tail and its first line.
type bound struct {
	tail  int
	first Position
}

// tailSearch closes in on the shortest tail that begins before a time.
type tailSearch struct {
	ctx    context.Context //nolint:containedctx // of one call
	src    Source
	at     int64
	newest int64
}

func (s *tailSearch) run(short bound) (place, error) {
	long := bound{}
	for tries := 0; ; tries++ {
		tail := s.estimate(short, long, tries)
		seen, err := probe(s.ctx, s.src, tail, false)
		if err != nil {
			return place{}, err
		}
		at := bound{tail, seen.first}
		switch {
		case seen.lines == 0 || seen.first == short.first && tail > short.tail && long.tail == 0:
			return place{tail: all, whole: true, first: short.first}, nil
		case seen.first.At < s.at:
			long = at
		case tail >= maxTail:
			return place{tail: all, whole: true, first: seen.first}, nil
		default:
			short = at
		}
		if long.tail > 0 && (long.tail <= fineTail || long.tail-short.tail <= long.tail/6 || tries >= 10) {
			return place{tail: long.tail + margin, first: long.first}, nil
		}
	}
}

// estimate is the length of tail to look at next: as the times seen so far suggest, with a bit to spare, and at least
// twice the one that was too short as long as none was long enough.
func (s *tailSearch) estimate(short, long bound, tries int) int {
	if long.tail > 0 {
		step := float64(long.tail - short.tail)
		share := float64(short.first.At-s.at) / float64(max(short.first.At-long.first.At, 1))
		share = min(max(share*1.05, 0.08), 0.92)
		return short.tail + int(step*share)
	}
	spanned := max(s.newest-short.first.At, 1)
	wanted := float64(short.tail) * float64(s.newest-s.at) / float64(spanned) * 1.1
	least := float64(2 * short.tail)
	if tries > 1 { // the times mislead
		least *= 2
	}
	return int(min(max(wanted, least), float64(least*64), maxTail))
}

// probe reads the first line of a tail, or with whole all of it.
func probe(ctx context.Context, src Source, tail int, whole bool) (look, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := open(ctx, src, Query{Tail: tail})
	if err != nil {
		return look{}, err
	}
	defer a.close()
	seen, b := look{}, reusedBatch()
	defer b.release()
	for {
		b.Reset()
		err := a.next(b)
		for i := range b.Lines {
			if seen.lines == 0 {
				seen.first = b.Lines[i].Position
			}
			seen.lines++
			seen.last = b.Lines[i].Position
		}
		seen.frames = a.frames
		switch {
		case errors.Is(err, io.EOF), !whole && seen.lines > 0:
			return seen, nil
		case err != nil:
			return seen, err
		}
	}
}
