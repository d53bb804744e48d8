package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/util/apperr"
)

// resumed is an open answer and from where on its lines count.
type resumed struct {
	*answer
	ctx    context.Context //nolint:containedctx // of the answer
	src    Source
	place  place
	follow bool

	seek  *Position // the line after which to begin; nil: found, or none is looked for
	since int64     // the time from which on to begin; 0: found, or none is looked for
	gap   *Gap      // to be given before the next line
	began bool      // a line of this answer was seen
	older bool      // it was not after the position
	tries int       // tails that turned out too short
}

// maxTries is how often a tail is looked for again that new lines have made too short meanwhile.
const maxTries = 8

// resume opens the log so that the lines after p come, of which at least so many are expected. With follow the answer
// has no end while the container runs.
func resume(ctx context.Context, src Source, p Position, follow bool, expected int) (*resumed, error) {
	s := &resumed{ctx: ctx, src: src, follow: follow, seek: &p}
	if p.IsZero() {
		s.seek, s.place = nil, place{tail: all, whole: true}
		return s, s.reopen()
	}
	// Most resumes are of a moment ago: a short tail holds the line, or shows that a longer one is needed.
	s.place = place{tail: max(firstTail, expected) + margin}
	return s, s.reopen()
}

// lost gives up the position: what comes begins after its time.
func (s *resumed) lost(to time.Time, reason string) {
	s.gap = &Gap{From: s.seek.Time(), To: to, Reason: reason}
	s.since, s.seek = s.seek.At+1, nil
}

func (s *resumed) reopen() (err error) {
	s.close()
	s.began, s.older = false, false
	s.answer, err = open(s.ctx, s.src, Query{Tail: s.place.tail, Follow: s.follow})
	if err == nil && s.seek == nil {
		s.found()
	}
	return err
}

func (s *resumed) close() {
	if s.answer != nil {
		s.answer.close()
	}
}

// found begins to look out for repeated frames: what came before the position doesn't matter.
func (s *resumed) found() { s.repeats = newRepeats(true) }

// read appends what comes next to b, which may be nothing, and returns the gap that precedes it. Errors: those of
// decoder.next.
func (s *resumed) read(b *Batch) (*Gap, error) {
	had := len(b.Lines)
	err := s.next(b)
	if s.seek != nil {
		if lost := s.find(b, had, err); lost {
			b.Lines = b.Lines[:had]
			return nil, s.again()
		}
	}
	if s.since != 0 {
		s.begin(b, had)
	}
	gap := s.gap
	if gap == nil || len(b.Lines) == had && err == nil {
		return nil, err
	}
	if gap.To.IsZero() {
		gap.To = time.Now().UTC()
		if len(b.Lines) > had {
			gap.To = b.Lines[had].Time()
		}
	}
	s.gap = nil
	return gap, err
}

// again opens a longer tail where this one has begun after the position, else gives the position up.
func (s *resumed) again() error {
	if s.older || s.tries >= maxTries {
		s.lost(time.Time{}, ReasonTruncated)
		return s.reopen()
	}
	s.tries++
	return s.locate()
}

// locate looks for the tail that holds the position and opens it.
func (s *resumed) locate() error {
	found, err := locate(s.ctx, s.src, s.seek.At)
	if err != nil {
		return err
	}
	s.place = found
	switch {
	case found.empty:
		s.lost(time.Time{}, ReasonTruncated)
	case found.whole && found.first.At > s.seek.At:
		s.lost(found.first.Time(), ReasonRotated)
	case found.tail > 0:
		s.place.tail += margin << s.tries
	}
	return s.reopen()
}

// find takes the lines up to the one at the position out of b, and reports whether that can't come any more.
func (s *resumed) find(b *Batch, had int, err error) (lost bool) {
	for i := had; i < len(b.Lines); i++ {
		l := &b.Lines[i]
		if !s.began {
			s.began, s.older = true, l.At <= s.seek.At
		}
		switch {
		case l.Position == *s.seek:
			b.Lines = append(b.Lines[:had], b.Lines[i+1:]...)
			s.seek = nil
			s.found()
			return false
		case l.At > s.seek.At+disorder:
			return true
		}
	}
	b.Lines = b.Lines[:had]
	return errors.Is(err, io.EOF) || s.place.tail > 0 && s.frames > s.place.tail
}

// begin takes the lines before the time out of b.
func (s *resumed) begin(b *Batch, had int) {
	for i := had; i < len(b.Lines); i++ {
		if b.Lines[i].At >= s.since {
			b.Lines = append(b.Lines[:had], b.Lines[i:]...)
			s.since = 0
			return
		}
	}
	b.Lines = b.Lines[:had]
}

// each yields all lines up to the answer's end, or to a time.
func (s *resumed) each(b *Batch, until time.Time, yield func(*Batch, *Gap) error) error {
	last := int64(0)
	if !until.IsZero() {
		last = until.UnixNano()
	}
	for {
		b.Reset()
		gap, err := s.read(b)
		ended := last != 0 && limit(b, last)
		if len(b.Lines) > 0 || gap != nil {
			if err := yield(b, gap); err != nil {
				return err
			}
		}
		if ended || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return readError(err)
		}
	}
}

// limit takes the lines after a time out of b, and reports whether none can follow that is to stay.
func limit(b *Batch, last int64) (ended bool) {
	kept := b.Lines[:0]
	for _, l := range b.Lines {
		if l.At <= last {
			kept = append(kept, l)
		}
		ended = ended || l.At > last+disorder
	}
	b.Lines = kept
	return ended
}

// readError makes of what ended a reading what a user may see of it.
func readError(err error) error {
	var said *engineError
	switch {
	case errors.As(err, &said):
		return apperr.Wrap(apperr.Daemon, err, "the engine could not read its log")
	case errors.Is(err, errDamaged):
		return apperr.Wrap(apperr.Daemon, err, "the engine's answer is no log")
	}
	return err
}
