package dockerx

import (
	"context"
	"errors"
	"io"
	"time"
)

// gap is a stretch of the daemon's time in which events may be missing.
type gap struct {
	from, to time.Time
	reason   string
}

// eventStream is one connection of a reader, from its opening to its end.
type eventStream struct {
	*eventReader
	openedAt time.Time // the daemon's time, rounded up
	primed   time.Time // events before it only serve to find an anchor

	proving  bool    // the anchor has not been replayed yet
	pending  []Event // came before it
	waiting  int     // bytes of pending
	proof    *time.Timer
	damaged  bool // something since the last event could not be read
	damage   string
	progress bool
	touched  map[string]struct{} // containers with events since the list was asked for
	listing  bool
	listed   chan listResult
	rows     []Container // of the list, until it has settled; nil: none
	settled  *time.Timer
	tries    int
}

type listResult struct {
	list []Container
	err  error
}

// connect opens the stream and processes it until it ends. progress tells whether it brought
// anything new.
func (r *eventReader) connect(ctx context.Context) (progress bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	since, primed, err := r.startingPoint(ctx)
	if err != nil {
		return false, err
	}
	body, at, err := r.src.openEvents(ctx, since)
	if err != nil {
		return false, err
	}
	if at.IsZero() {
		at = time.Now().UTC().Truncate(time.Second)
	}
	s := &eventStream{eventReader: r, openedAt: at.Add(time.Second), primed: primed, listed: make(chan listResult, 1)}
	s.doubt() // before the host's record, or a crash between the two would leave that as the end of what was seen
	r.opened(at)
	defer func() {
		r.up(false)
		r.lost = time.Now()
	}()
	err = s.run(ctx, cancel, body)
	return s.progress, err
}

// startingPoint says from which time of the daemon's on to replay. Without an anchor that is
// an hour ago for the first connection, so that it finds one, and else the last one's start.
func (r *eventReader) startingPoint(ctx context.Context) (since, primed time.Time, err error) {
	switch {
	case r.anchor != nil:
		return r.anchor.Time.Add(-reorder), time.Time{}, nil
	case !r.since.IsZero():
		return r.since, time.Time{}, nil
	}
	now, err := r.src.pingEvents(ctx)
	if err != nil {
		return since, primed, err
	}
	if now.IsZero() {
		now = time.Now().UTC().Truncate(time.Second)
	}
	return now.Add(-history), now, nil
}

func (s *eventStream) run(ctx context.Context, cancel context.CancelCauseFunc, body io.ReadCloser) error {
	q := newEventQueue(s.room)
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		q.fill(newEventDecoder(s.host, body))
	}()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watch(ctx, cancel)
	}()
	defer func() {
		cancel(nil)
		_ = body.Close()
		<-filled
		<-watched
		if s.listing {
			<-s.listed
		}
	}()
	s.begin(ctx)
	defer s.proof.Stop()
	defer s.settled.Stop()
	return s.loop(ctx, q)
}

// doubt declares what no replay can prove.
func (s *eventStream) doubt() {
	switch {
	case s.anchor != nil:
		s.proving = true
	case s.since.IsZero():
		s.since = s.primed
	default: // connected before, but nothing ever came: nothing can prove that nothing was missed
		s.declare(gap{from: s.since, to: s.openedAt, reason: reasonNoAnchor})
	}
	if s.resync != nil && s.resync.to.IsZero() { // the log was away at the start
		s.declare(gap{from: s.primed, to: s.openedAt, reason: s.resync.reason})
	}
}

func (s *eventStream) begin(ctx context.Context) {
	s.proof, s.settled = time.NewTimer(proofTime), time.NewTimer(time.Hour)
	if !s.model.known() || s.resync != nil {
		s.askList(ctx)
	}
}

func (s *eventStream) loop(ctx context.Context, q *eventQueue) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-q.wake:
			// An end before the anchor came proves nothing, so the next stream replays it all again.
			if err := s.drain(ctx, q); err != nil {
				return err
			}
		case <-s.proof.C:
			s.endProof(ctx, nil)
		case res := <-s.listed:
			s.listing = false
			s.gotList(res)
		case <-s.settled.C:
			s.reconcile(ctx)
		}
	}
}

// drain processes what has come. A stream's end is returned after everything before it.
func (s *eventStream) drain(ctx context.Context, q *eventQueue) error {
	items, overflow, err := q.take()
	for i := range items {
		if items[i].unreadable {
			s.damaged, s.damage = true, reasonUnreadable
			continue
		}
		s.onEvent(ctx, items[i].event)
	}
	if overflow {
		s.damaged, s.damage = true, reasonOverflow
	}
	if err != nil && !errors.Is(err, io.EOF) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func (s *eventStream) onEvent(ctx context.Context, e Event) {
	if e.Time.Before(s.primed) {
		s.remember(&e)
		return
	}
	key := e.Key()
	if s.proving {
		s.prove(ctx, e, key)
		return
	}
	if s.damaged {
		s.damaged = false
		from := s.openedAt
		if s.anchor != nil {
			from = s.anchor.Time
		}
		s.declare(gap{from: from, to: e.Time, reason: s.damage})
		s.askList(ctx)
	}
	if !s.seen.Has(key) {
		s.accept(e)
	}
}

// prove looks at a replayed event until the anchor has come, which proves that nothing is
// missing, or one that is too late for it, which proves that something may be.
func (s *eventStream) prove(ctx context.Context, e Event, key int64) {
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
		if s.waiting += eventBytes(&e); s.waiting > eventQueueBytes {
			s.endProof(ctx, nil)
		}
	}
}

// endProof gives up waiting for the anchor: first is the event that came instead, or nil.
func (s *eventStream) endProof(ctx context.Context, first *Event) {
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

func (s *eventStream) flush() {
	pending := s.pending
	s.pending, s.waiting = nil, 0
	for _, e := range pending {
		if !s.seen.Has(e.Key()) {
			s.accept(e)
		}
	}
}

// accept hands on an event that was not known.
func (s *eventStream) accept(e Event) {
	s.progress = true
	s.remember(&e)
	if s.model.takes(&e) {
		s.model.apply(&e)
	}
	if s.touched != nil && e.Type == "container" {
		if state, gone := StateAfter(e.Action); state != "" || gone || e.Action == "rename" {
			s.touched[e.ActorID] = struct{}{}
		}
	}
	s.emit(e)
}

func (s *eventStream) remember(e *Event) {
	s.seen.Add(e.Key())
	s.anchor = e
}

func (s *eventStream) declare(g gap) {
	s.resync = &g
	s.emit(Event{
		Host: s.host, Kind: KindGap, Type: "gap", Action: "gap", ActorID: s.host, ActorName: s.host,
		Time: g.to, Attrs: map[string]string{}, From: g.from, To: g.to, Reason: g.reason,
	})
}
