package stats

import (
	"context"
	"iter"
	"time"
)

// History returns a container's current usage, and its points of the last since, oldest first: one for each step, or, if step
// is 0, every point. Like other calls, it keeps the container sampled for Options.Idle. Errors: those of One.
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

// HistoryAll is History for all containers; the map is keyed by full id. Errors: those of All.
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

// Watch yields a snapshot of all containers whenever there are new samples, and an error whenever the host begins to fail. It
// ends when the caller breaks, or ctx or the sampler ends. A slow caller misses snapshots, and delays no other. Sampling
// continues as long as a caller watches.
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

// WatchOne is Watch for one container, and asks the host only for this container. It ends with apperr.NotFound when the
// container is removed. It doesn't end if the first sample is late.
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

// firstOf waits for a container's first sample, and reports whether to continue. It yields the first error while there is none.
func (s *Sampler) firstOf(ctx context.Context, id string, yield func(Usage, error) bool) bool {
	for yielded := false; ; yielded = true {
		_, err := s.One(ctx, id)
		switch {
		case err == nil:
			return true
		case ctx.Err() != nil, s.life.Err() != nil:
			return false
		case (!yielded || isGone(err)) && !yield(Usage{}, err), isGone(err):
			return false
		case !sleepUntil(ctx, time.Now().Add(retryAfter)):
			return false
		}
	}
}

// count adds n to the watchers of a demand.
func (s *Sampler) count(of func() *demand, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := of()
	d.watchers += n
	d.asked = time.Now()
}

// watch calls next after each change, and yields its value if that is new. next is called with mu held. An error is yielded
// once, and again after a time without errors. apperr.NotFound ends watch.
func watch[T any](ctx context.Context, s *Sampler, next func(now time.Time) (T, bool, error), yield func(T, error) bool) {
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
		v, ok, err := next(time.Now())
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
