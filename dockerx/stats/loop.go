package stats

import (
	"context"
	"errors"
	"time"
)

// The two sources, as indices.
const (
	viaKernel = iota
	viaEngine
)

const (
	retryAfter = time.Second     // before a failed request for a container or a list is repeated
	relist     = 5 * time.Second // between lists while no events come
)

// start starts sampling unless it is running.
func (s *Sampler) start() {
	if s.looping || s.closed {
		return
	}
	s.looping, s.dirty, s.fault, s.listNext = true, true, nil, time.Time{}
	s.rounds[viaEngine].count = 0
	if s.cleaner != nil {
		s.cleaner.Stop()
	}
	s.work.Go(s.loop)
}

// loop samples until there has been no demand for opts.Idle.
func (s *Sampler) loop() {
	ctx, stop := context.WithCancel(s.life)
	defer stop()
	for ctx.Err() == nil {
		next, going := s.step(ctx, time.Now())
		if !going {
			return
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-s.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// step starts the requests that are due, and returns when the next are. going is false if sampling ends.
func (s *Sampler) step(ctx context.Context, now time.Time) (next time.Time, going bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next = s.lastDemand(now)
	if !next.After(now) {
		s.looping = false
		s.rest()
		return next, false
	}
	next = earlier(next, s.listIfDue(ctx, now))
	for via := range s.rounds {
		next = earlier(next, s.readIfDue(ctx, via, now))
	}
	return next, true
}

// lastDemand returns when sampling will end unless the demand is renewed.
func (s *Sampler) lastDemand(now time.Time) time.Time {
	end := s.wantList.Add(answerIn)
	if s.all.watchers > 0 {
		return now.Add(s.opts.Idle)
	}
	end = later(end, s.all.asked.Add(s.opts.Idle))
	for _, e := range s.table.order {
		if e.watchers > 0 {
			return now.Add(s.opts.Idle)
		}
		end = later(end, e.asked.Add(s.opts.Idle))
	}
	return end
}

// listIfDue requests the container list if the events don't suffice to know the containers.
func (s *Sampler) listIfDue(ctx context.Context, now time.Time) (next time.Time) {
	never := now.Add(time.Hour)
	aged := s.gap == s.listedGap && !s.synced // no events come, so the list must be repeated regularly
	wanted := !s.synced || s.listed.Before(s.wantList)
	switch {
	case s.listing || !wanted:
		return never
	case aged && !s.listed.Before(s.wantList) && now.Sub(s.listed) < relist:
		return s.listed.Add(relist)
	case now.Before(s.listNext):
		return s.listNext
	}
	took := s.expect()
	s.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, sampleWithin)
		defer cancel()
		list, err := s.engine.List(ctx)
		took(ctx, list, err)
	})
	return never
}

// Expect lets the sampler use a list of the host that is requested for another purpose, which saves it its first request. It
// must be called before the request, and took with its result.
func (s *Sampler) Expect() (took func(ctx context.Context, list []Container, err error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listing {
		return func(context.Context, []Container, error) {}
	}
	return s.expect()
}

func (s *Sampler) expect() func(ctx context.Context, list []Container, err error) {
	s.listing, s.missed = true, nil
	gap := s.gap
	return func(ctx context.Context, list []Container, err error) { s.tookList(ctx, list, gap, err) }
}

// tookList applies a list to the table, and then again the changes that came while it was read.
func (s *Sampler) tookList(ctx context.Context, list []Container, gap int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.listing = false
	missed := s.missed
	s.missed = nil
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return
	case err != nil:
		s.fail(err, now)
		s.listNext = now.Add(retryAfter)
	default:
		s.table.replace(list, s.forget)
		for _, c := range missed {
			s.follow(c)
		}
		s.fault, s.contact, s.listed, s.listNext = nil, now, now, now.Add(minInterval)
		s.synced, s.listedGap = s.connected && gap == s.gap, gap
	}
	s.dirty = true
	s.wakeCallers()
	s.wakeLoop()
}

// readIfDue starts a round of one source if it is due. Containers without two usable samples are read as soon as possible,
// also between rounds.
func (s *Sampler) readIfDue(ctx context.Context, via int, now time.Time) (next time.Time) {
	r := &s.rounds[via]
	full := !now.Before(r.due)
	var single, double batch
	count := 0
	next = r.due
	for _, e := range s.table.order {
		if !e.Running || s.via(e) != via || !s.wanted(e, now) {
			continue
		}
		count++
		lacks := !e.live(now, s.since(e, now))
		switch {
		case e.reading || !full && !lacks:
		case now.Before(e.retry):
			next = earlier(next, e.retry)
		case e.last.Read.IsZero() || now.Sub(e.lastAt) > maxGap:
			double.add(e)
		case now.Sub(e.lastAt) < minGap:
			next = earlier(next, e.lastAt.Add(minGap))
		default:
			single.add(e)
		}
	}
	r.count = count
	if count == 0 {
		return now.Add(time.Hour)
	}
	if full {
		r.due = now.Add(s.interval(via, count))
		next = earlier(r.due, next)
		if next.Before(now) {
			next = r.due
		}
	}
	s.begin(ctx, via, &single, false)
	s.begin(ctx, via, &double, true)
	return next
}

// interval returns the shortest interval between rounds that keeps the engine's cost within this process's share of the budget.
// The upper limit is reduced by the duration of a round, so that no sample becomes too old before the next one.
func (s *Sampler) interval(via, count int) time.Duration {
	cost := s.source(via).Cost()
	if cost == 0 {
		return minInterval
	}
	share := s.opts.Budget / float64(max(s.opts.Samplers(), 1))
	wish := time.Duration(float64(count) * float64(cost) / share)
	longest := maxInterval - min(s.rounds[via].took, answerIn) - time.Second/2
	return max(minInterval, min(wish, longest))
}

func (s *Sampler) wanted(e *entry, now time.Time) bool {
	return s.all.active(now, s.opts.Idle) || e.active(now, s.opts.Idle)
}

func (s *Sampler) via(e *entry) int {
	if s.kernel == nil || e.fromEngine {
		return viaEngine
	}
	return viaKernel
}

func (s *Sampler) source(via int) Source {
	if via == viaKernel {
		return s.kernel
	}
	return s.api
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
