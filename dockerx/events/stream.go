package events

import (
	"context"
	"errors"
	"io"
	"time"
)

// stream is one connection of a reader, from its opening to its end.
type stream struct {
	*Reader
	openedAt time.Time // the engine's time, rounded up
	primed   time.Time // events before this time are only candidates for an anchor

	proving  bool    // the anchor has not been replayed yet
	pending  []Event // events received before the anchor
	waiting  int     // bytes of pending
	proof    *time.Timer
	damaged  bool // events since the last one were unreadable or dropped
	damage   string
	progress bool                // an event was accepted
	touched  map[string]struct{} // containers with events since the list was requested
	listing  bool                // a list is being read
	listed   chan listResult
	rows     []Container // of the list, until they are compared; nil: none
	compare  *time.Timer // when to compare rows with the model
	tries    int
}

type listResult struct {
	list []Container
	err  error
}

// connect opens the stream and processes it until it ends. progress reports whether it had new events.
func (r *Reader) connect(ctx context.Context) (progress bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	since, primed, err := r.startingPoint(ctx)
	if err != nil {
		return false, err
	}
	body, at, err := r.opts.Source.OpenEvents(ctx, since)
	if err != nil {
		return false, err
	}
	if at.IsZero() {
		at = time.Now().UTC().Truncate(time.Second)
	}
	s := &stream{Reader: r, openedAt: at.Add(time.Second), primed: primed, listed: make(chan listResult, 1)}
	// Before "connected" is recorded: after a crash between the two, resuming from that record would hide the gap.
	s.declareUnproven()
	r.opened(at)
	defer func() {
		r.opts.Up(false)
		r.lost = time.Now()
	}()
	err = s.run(ctx, cancel, body)
	return s.progress, err
}

// startingPoint returns the engine's time from which to replay events, and the time before which they only serve to find an
// anchor (zero: none do). Without an anchor, the first connection replays the last hour to find one; later connections
// replay from the start of the first.
func (r *Reader) startingPoint(ctx context.Context) (since, primed time.Time, err error) {
	switch {
	case r.anchor != nil:
		return r.anchor.Time.Add(-reorder), time.Time{}, nil
	case !r.since.IsZero():
		return r.since, time.Time{}, nil
	}
	now, err := r.opts.Source.Ping(ctx)
	if err != nil {
		return since, primed, err
	}
	if now.IsZero() {
		now = time.Now().UTC().Truncate(time.Second)
	}
	return now.Add(-history), now, nil
}

func (s *stream) run(ctx context.Context, cancel context.CancelCauseFunc, body io.ReadCloser) error {
	q := newQueue(s.opts.QueueBytes)
	filled := make(chan struct{})
	go func() {
		defer close(filled)
		q.fill(newDecoder(s.opts.Host, body))
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
	defer s.compare.Stop()
	return s.loop(ctx, q)
}

func (s *stream) begin(ctx context.Context) {
	s.proof, s.compare = time.NewTimer(proofTime), time.NewTimer(time.Hour)
	if !s.model.filled() || s.resync != nil {
		s.askList(ctx)
	}
}

func (s *stream) loop(ctx context.Context, q *queue) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-q.wake:
			// If the stream ends before the anchor came, nothing is proved: the next stream replays everything again.
			if err := s.drain(ctx, q); err != nil {
				return err
			}
		case <-s.proof.C: // the engine didn't replay the anchor in time
			s.endProof(ctx, nil)
		case res := <-s.listed:
			s.listing = false
			s.gotList(res)
		case <-s.compare.C:
			s.reconcile(ctx)
		}
	}
}

// drain processes the queued events. The stream's end is returned after the events before it.
func (s *stream) drain(ctx context.Context, q *queue) error {
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

func (s *stream) onEvent(ctx context.Context, e Event) {
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

// accept applies a new event to the model and emits it.
func (s *stream) accept(e Event) {
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
	s.opts.Emit(e)
}

func (s *stream) remember(e *Event) {
	s.seen.Add(e.Key())
	s.anchor = e
}
