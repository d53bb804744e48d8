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
	retryAfter = time.Second     // before a container or list that failed is asked for again
	relist     = 5 * time.Second // between lists while no events come
)

// start begins sampling unless it is under way.
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

// loop samples until usage hasn't been asked for a while.
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

// step begins what is due and returns when to look again.
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

// lastDemand is when usage will not have been asked for long enough.
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

// listIfDue asks for the container list where events alone don't show it.
func (s *Sampler) listIfDue(ctx context.Context, now time.Time) (next time.Time) {
	never := now.Add(time.Hour)
	aged := s.gap == s.listedGap && !s.synced // no events to go by: the list ages
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

// Expect is called before the host's list is asked for for another purpose, and what it
// returns with what came of it: a sampler that has the containers answers its first question
// without asking for them.
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

// tookList takes a list over, and again what events said meanwhile.
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
	s.tell()
	s.poke()
}

// readIfDue begins a round of one source where it is due, and reads those containers that lack
// something to compare with as soon as it can.
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

// interval is the shortest that keeps the engine's cost inside this process's share of the budget. A round's duration is
// taken off the longest, so that no sample grows too old before the next is there.
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
