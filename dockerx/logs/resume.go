package logs

import (
	"context"
	"errors"
	"io"
	"time"

	"wharf/util/apperr"
)

// resumed is an open answer, with the position or time from which its lines are wanted.
type resumed struct {
	*answer
	ctx    context.Context //nolint:containedctx // of the answer
	src    Source
	place  place
	follow bool

	seek  *Position // the line after which to begin; nil: none, or it was found
	since int64     // the time from which to begin, in Unix nanoseconds; 0: none, or it was reached
	gap   *Gap      // to return before the next line
	began bool      // this answer has had a line
	older bool      // its first line was not after the position
	tries int       // tails that were too short
}

// maxTries is how often a longer tail is tried, since new lines may have made the last one too short meanwhile.
const maxTries = 8

// resume opens the log to read the lines after p. expected is how many are expected at least. With follow, the answer doesn't
// end while the container runs.
func resume(ctx context.Context, src Source, p Position, follow bool, expected int) (*resumed, error) {
	s := &resumed{ctx: ctx, src: src, follow: follow, seek: &p}
	if p.IsZero() {
		s.seek, s.place = nil, place{tail: all, whole: true}
		return s, s.reopen()
	}
	// Most positions are recent: a short tail contains the line, or shows that a longer one is needed.
	s.place = place{tail: max(firstTail, expected) + margin}
	return s, s.reopen()
}

// lost gives up the position: after a gap, reading begins with the first line after its time.
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

// found starts the detection of repeated frames. It isn't needed before the position.
func (s *resumed) found() { s.repeats = newRepeats(true) }

// read appends the next wanted lines, possibly none, to b, and returns the gap before them or nil. Errors: those of
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

// again opens a longer tail if this one began after the position; else it gives the position up.
func (s *resumed) again() error {
	if s.older || s.tries >= maxTries {
		s.lost(time.Time{}, ReasonTruncated)
		return s.reopen()
	}
	s.tries++
	return s.locate()
}

// locate searches for the tail that contains the position, and opens it.
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

// find removes the lines up to the one at the position from b. It reports whether that line can't come any more.
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

// begin removes the lines before since from b.
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

// each calls yield with all lines up to the answer's end, or up to a time.
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

// limit removes the lines after the time last from b. It reports whether no earlier lines can follow.
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

// readError turns an error of reading into one that a user may see.
func readError(err error) error {
	var unreadable *engineError
	switch {
	case errors.As(err, &unreadable):
		return apperr.Wrap(apperr.Daemon, err, "the engine could not read its log")
	case errors.Is(err, errDamaged):
		return apperr.Wrap(apperr.Daemon, err, "the engine's answer is no log")
	}
	return err
}
