package stats

import (
	"context"
	"errors"
	"time"
)

// batch is the containers of one call of Source.Read.
type batch struct {
	ids []string
	of  map[string]target
}

// target is an entry with its epoch when the reading began.
type target struct {
	e     *entry
	epoch uint32
}

func (b *batch) add(e *entry) {
	if b.of == nil {
		b.of = make(map[string]target)
	}
	b.ids = append(b.ids, e.ID)
	b.of[e.ID] = target{e, e.epoch}
	e.own().reading = true
}

// result is the result of reading a batch.
type result struct {
	answers int   // samples, and containers that aren't running
	err     error // the last error
}

// begin reads a batch in the background.
func (s *Sampler) begin(ctx context.Context, via int, b *batch, pairs bool) {
	if len(b.ids) == 0 {
		return
	}
	s.work.Go(func() {
		var res result // guarded by s.mu
		began := time.Now()
		s.source(via).Read(ctx, b.ids, pairs, func(r Reading) { s.took(ctx, via, b.of[r.ID], r, pairs, &res) })
		s.ended(ctx, via, b, time.Since(began), &res)
	})
}

// took processes one reading.
func (s *Sampler) took(ctx context.Context, via int, t target, r Reading, pairs bool, res *result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if errors.Is(r.Err, ErrNotRunning) || r.Err == nil {
		res.answers++
		s.contact = now
		if via == viaEngine {
			s.fault = nil
		}
	}
	if t.epoch != t.e.epoch {
		return // the container started or stopped meanwhile
	}
	s.news = s.news || r.Err == nil || errors.Is(r.Err, ErrNotRunning)
	switch {
	case r.Err == nil:
		s.tookSample(via, t.e, r.Sample, now)
	case errors.Is(r.Err, ErrNotRunning):
		t.e.foundEmpty(now)
	case errors.Is(r.Err, ErrUnread):
		t.e.fromEngine = true
		t.e.drop()
		s.wakeLoop()
	case ctx.Err() == nil:
		t.e.own().retry = now.Add(retryAfter)
		res.err = r.Err
	}
	if !pairs || r.Err != nil || t.e.paired {
		t.e.own().reading = false
	}
	if t.e.active(now, s.opts.Idle) || !s.warm && s.complete(now) {
		s.dirty = s.dirty || !s.warm
		s.wakeCallers()
	}
}

func (s *Sampler) tookSample(via int, e *entry, sample Sample, now time.Time) {
	e.add(sample, now)
	e.own().retry = time.Time{}
	if e.paired && s.opts.History > 0 {
		e.own().history.push(now, e.usage, s.opts.History)
	}
	if via == viaEngine && e.fromEngine && !e.logged {
		e.logged = true
		s.opts.Logger.Info().Str("container", e.ID[:min(12, len(e.ID))]).
			Msg("the kernel's files of this container can't be read: its usage comes from the engine")
	}
}

// ended finishes a batch: its samples appear in the next snapshot.
func (s *Sampler) ended(ctx context.Context, via int, b *batch, took time.Duration, res *result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range b.of {
		if t.epoch == t.e.epoch {
			t.e.own().reading = false
		}
	}
	if ctx.Err() != nil {
		return
	}
	s.rounds[via].took = took
	if via == viaEngine && res.answers == 0 && res.err != nil { // failing to read the kernel's files is no fault of the engine
		s.fail(res.err, time.Now())
	}
	s.dirty = s.dirty || s.news
	s.wakeCallers()
	s.wakeLoop()
}
