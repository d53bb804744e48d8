package logs

import (
	"context"
	"errors"
	"io"
)

const (
	// firstTail is how many frames from a log's end are read first: most positions to resume at are recent.
	firstTail = 256
	// resumeTail is the same for a client that resumes: it was away for longer than a follower.
	resumeTail = 1 << 10
	// margin is how many extra frames are read before the wanted ones: the line at a position must be complete, and equal
	// lines before it must be counted.
	margin = 128
	// fineTail is the number of frames up to which a tail isn't worth a search for a shorter one.
	fineTail = 8 << 10
	maxTail  = 1 << 30
	// disorder is how far, in nanoseconds, the time of a line may be before that of the line before it: an engine reads
	// stdout and stderr separately.
	disorder = 100e6
)

// place is a position's place in a log.
type place struct {
	tail  int  // number of frames from the end that include the line at the position and some before it
	whole bool // they are the whole log
	first Position
	empty bool // the log has no line
}

// probeResult is the result of a probe.
type probeResult struct {
	first, last Position
	frames      int
	lines       int
}

// locate finds a tail of the log that begins before a time, and is not much longer than needed. It reads little: first the
// log's end, then only the first lines of tails whose length it estimates from the times seen so far.
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

// bound is the length of a tail, in frames, and the position of its first line.
type bound struct {
	tail  int
	first Position
}

// tailSearch searches for the shortest tail that begins before a time.
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

// estimate returns the next length to try. It interpolates from the times seen so far, and adds a reserve. Until a tail was
// long enough, it at least doubles the length.
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
	if tries > 1 { // estimates from the times were too short
		least *= 2
	}
	return int(min(max(wanted, least), float64(least*64), maxTail))
}

// probe reads the first line of a tail, or, with whole, all of it.
func probe(ctx context.Context, src Source, tail int, whole bool) (probeResult, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a, err := open(ctx, src, Query{Tail: tail})
	if err != nil {
		return probeResult{}, err
	}
	defer a.close()
	seen, b := probeResult{}, reusedBatch()
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
