package stats

import (
	"time"
)

// All of this is called with Sampler.mu held.

// askAll renews the demand for every container.
func (s *Sampler) askAll(now time.Time) {
	if s.all.ask(now, s.opts.Idle) {
		s.warm = false
		s.poke()
	}
	s.start()
}

// askOne renews the demand for one container. Nil and no error mean: wait, the list is coming.
func (s *Sampler) askOne(id string, began, now time.Time, expired bool) (*entry, error) {
	e, ok := s.table.byID[id]
	switch {
	case ok:
		if e.wanted().ask(now, s.opts.Idle) {
			s.poke()
		}
		s.start()
		if !s.synced && s.fault == nil && now.Sub(s.listed) > relist && !expired {
			return nil, nil //nolint:nilnil // wait: it may have started since
		}
		return e, nil
	case !s.listed.Before(began):
		return nil, noSuch(id)
	case s.fault != nil && s.looping:
		return nil, s.fault
	case expired:
		return nil, errSilent
	}
	s.wantList = now
	s.poke()
	s.start()
	return nil, nil //nolint:nilnil // wait
}

// answerAll is called with the lock held; nil and no error mean: wait.
func (s *Sampler) answerAll(now time.Time, expired bool) (*Snapshot, error) {
	if s.fault != nil {
		if snap := s.snapshot; s.recent(snap.SampledAt, now) && !now.After(snap.stale) {
			return snap, nil
		}
		return nil, s.fault
	}
	known := s.synced || now.Sub(s.listed) < relist
	switch {
	case known && (s.warm || s.complete(now)):
		s.warm = true
	case !expired:
		return nil, nil //nolint:nilnil // wait
	case s.listed.IsZero() || now.Sub(s.contact) > maxAge:
		return nil, errSilent
	default:
		s.warm, s.dirty = true, true
	}
	return s.current(now), nil
}

// answerOne is called with the lock held. The usage means something if done is true.
func (s *Sampler) answerOne(e *entry, now time.Time, expired bool) (u Usage, done bool, err error) {
	sampled := s.recent(e.lastAt, now)
	switch {
	case s.fault != nil && !sampled:
		return Usage{}, false, s.fault
	case s.fault != nil, e.live(now, s.since(e, now)):
		return e.row(), true, nil //nolint:nilerr // the fault is too young to hide the last sample
	case !e.runs():
		return e.row(), true, nil
	case !expired:
		return Usage{}, false, nil
	case !sampled:
		return Usage{}, false, errSilent
	}
	return e.row(), true, nil
}

// recent reports whether a sample of that time may be shown as what is. Where the host stopped
// answering no sample may be for longer than that, be it read past the engine.
func (s *Sampler) recent(sampled, now time.Time) bool {
	if sampled.IsZero() || now.Sub(sampled) > maxAge {
		return false
	}
	return s.fault == nil || now.Sub(s.faultAt) <= maxAge
}

// fail remembers why the host can't be asked. What is known at that time is all that is shown until
// it can be again.
func (s *Sampler) fail(err error, now time.Time) {
	if s.fault == nil {
		s.current(now)
		s.faultAt = now
	}
	s.fault = err
}

// complete reports whether each running container has its samples.
func (s *Sampler) complete(now time.Time) bool {
	for _, e := range s.table.order {
		if e.runs() && !e.live(now, s.since(e, now)) {
			return false
		}
	}
	return true
}

// since is when the demand for a container began.
func (s *Sampler) since(e *entry, now time.Time) time.Time {
	if e.active(now, s.opts.Idle) && (!s.all.active(now, s.opts.Idle) || e.since.Before(s.all.since)) {
		return e.since
	}
	return s.all.since
}

// current returns the snapshot, a new one if the last no longer holds.
func (s *Sampler) current(now time.Time) *Snapshot {
	if s.snapshot == nil || s.dirty || now.After(s.snapshot.stale) {
		s.snapshot, s.dirty, s.news = s.table.snapshot(now), false, false
	}
	return s.snapshot
}
