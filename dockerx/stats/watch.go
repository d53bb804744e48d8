package stats

import (
	"context"
	"iter"
	"time"
)

// History returns what is kept of a container's past, oldest first: since how long ago, and in
// steps of step (0: every point); and the present beside it. Asking keeps the container sampled
// for a while, as any question does. Errors: those of One.
func (s *Sampler) History(ctx context.Context, id string, since, step time.Duration) (Usage, []Point, error) {
	u, err := s.One(ctx, id)
	if err != nil {
		return Usage{}, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.table.byID[id]
	if !ok {
		return u, []Point{}, nil
	}
	now := time.Now()
	return u, e.history.since(later(now.Add(-since), now.Add(-s.opts.History)), step), nil
}

// HistoryAll is History of every container, by full id, and the present beside it. Errors: those
// of All.
func (s *Sampler) HistoryAll(ctx context.Context, since, step time.Duration) (*Snapshot, map[string][]Point, error) {
	snap, err := s.All(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	from := later(now.Add(-since), now.Add(-s.opts.History))
	past := make(map[string][]Point, len(s.table.order))
	for _, e := range s.table.order {
		past[e.ID] = e.history.since(from, step)
	}
	return snap, past, nil
}

// Watch gives a snapshot of all containers whenever there are new numbers, and an error whenever
// the host begins to fail; it ends when the caller breaks off, with ctx, or with the sampler.
// A slow caller misses snapshots in between and delays no other. Sampling goes on meanwhile.
func (s *Sampler) Watch(ctx context.Context) iter.Seq2[*Snapshot, error] {
	return func(yield func(*Snapshot, error) bool) {
		s.count(func() *demand { return &s.all }, +1)
		defer s.count(func() *demand { return &s.all }, -1)
		var seen *Snapshot
		watch(ctx, s, func(now time.Time) (*Snapshot, bool, error) {
			s.askAll(now)
			snap, err := s.answerAll(now, false)
			if snap == nil || snap == seen {
				return nil, false, err
			}
			seen = snap
			return snap, true, nil
		}, yield)
	}
}

// WatchOne is Watch for one container, and asks the host for that one alone. It ends with
// apperr.NotFound when the container is removed; a host that is slow with its first sample is no reason.
func (s *Sampler) WatchOne(ctx context.Context, id string) iter.Seq2[Usage, error] {
	return func(yield func(Usage, error) bool) {
		if !s.firstOf(ctx, id, yield) {
			return
		}
		s.mu.Lock()
		e := s.table.byID[id]
		s.mu.Unlock()
		if e == nil {
			return
		}
		s.count(e.wanted, +1)
		defer s.count(e.wanted, -1)
		seen, was, first := time.Time{}, false, true
		watch(ctx, s, func(now time.Time) (Usage, bool, error) {
			if s.table.byID[id] != e {
				return Usage{}, false, noSuch(id)
			}
			e.wanted().ask(now, s.opts.Idle)
			s.start()
			u, ok, err := s.answerOne(e, now, false)
			if err != nil || !ok || !first && !u.SampledAt.After(seen) && u.Running == was {
				return Usage{}, false, err
			}
			seen, was, first = u.SampledAt, u.Running, false
			return u, true, nil
		}, yield)
	}
}

// firstOf waits for a container's first sample, yields once why there is none yet, and reports whether to go on.
func (s *Sampler) firstOf(ctx context.Context, id string, yield func(Usage, error) bool) bool {
	for said := false; ; said = true {
		_, err := s.One(ctx, id)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil, s.life.Err() != nil:
			return false
		case (!said || isGone(err)) && !yield(Usage{}, err), isGone(err):
			return false
		case !sleepUntil(ctx, time.Now().Add(retryAfter)):
			return false
		}
	}
}

// count adds to the watchers of a demand.
func (s *Sampler) count(of func() *demand, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := of()
	d.watchers += n
	d.asked = time.Now()
}

// watch yields what look gives, as often as it gives something new. look is called with the lock
// held. An error is yielded once, until it goes away; not found ends it.
func watch[T any](ctx context.Context, s *Sampler, look func(now time.Time) (T, bool, error), yield func(T, error) bool) {
	var (
		none    T
		failing bool
	)
	for ctx.Err() == nil {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return
		}
		v, ok, err := look(time.Now())
		changed := s.changed
		s.mu.Unlock()
		switch {
		case ok && !yield(v, nil), err != nil && !failing && !yield(none, err), isGone(err):
			return
		}
		failing = err != nil
		select {
		case <-changed:
		case <-ctx.Done():
		case <-s.life.Done():
		}
	}
}
