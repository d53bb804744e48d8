package events

import (
	"context"
	"time"
)

// gap is a time span, by the engine's clock, in which events may be missing.
type gap struct {
	from, to time.Time
	reason   string
}

// declareUnproven reports the gaps that no replay can rule out.
func (s *stream) declareUnproven() {
	switch {
	case s.anchor != nil:
		s.proving = true
	case s.since.IsZero():
		s.since = s.primed
	default: // connected before, but without any event: there is no anchor to prove that none was missed
		s.declare(gap{from: s.since, to: s.openedAt, reason: reasonNoAnchor})
	}
	if s.resync != nil && s.resync.to.IsZero() { // the event log was unavailable at the start
		s.declare(gap{from: s.primed, to: s.openedAt, reason: s.resync.reason})
	}
}

// prove handles an event that is replayed before the anchor. The anchor proves that nothing is missing. An event that is too
// late to precede the anchor shows that the engine doesn't replay it, and that events may be missing.
func (s *stream) prove(ctx context.Context, e Event, key int64) {
	switch {
	case key == s.anchor.Key():
		s.proving = false
		s.proof.Stop()
		s.flush()
	case s.seen.Has(key):
	case e.Time.After(s.anchor.Time.Add(reorder)):
		s.endProof(ctx, &e)
		s.accept(e)
	default:
		s.pending = append(s.pending, e)
		if s.waiting += eventBytes(&e); s.waiting > queueBytes {
			s.endProof(ctx, nil)
		}
	}
}

// endProof stops waiting for the anchor and reports a gap. first is the event that came instead, or nil.
func (s *stream) endProof(ctx context.Context, first *Event) {
	if !s.proving {
		return
	}
	s.proving = false
	s.proof.Stop()
	g := gap{from: s.anchor.Time, to: s.openedAt, reason: reasonNoAnchor}
	if first != nil {
		g.to = first.Time
	}
	if g.to.Before(g.from) {
		out := time.Second
		if !s.lost.IsZero() {
			out += time.Since(s.lost)
		}
		g = gap{from: g.to.Add(-out), to: g.from, reason: reasonClockBack}
	}
	s.declare(g)
	s.flush()
	s.askList(ctx)
}

func (s *stream) flush() {
	pending := s.pending
	s.pending, s.waiting = nil, 0
	for _, e := range pending {
		if !s.seen.Has(e.Key()) {
			s.accept(e)
		}
	}
}

// declare reports a gap, and notes in s.resync that the list must be compared.
func (s *stream) declare(g gap) {
	s.resync = &g
	s.opts.Emit(Event{
		Host: s.opts.Host, Kind: KindGap, Type: "gap", Action: "gap", ActorID: s.opts.Host, ActorName: s.opts.Host,
		Time: g.to, Attrs: map[string]string{}, From: g.from, To: g.to, Reason: g.reason,
	})
}
