package stats

import (
	"time"
)

// The functions in this file are called with Sampler.mu held.

// askAll renews the demand for all containers, and starts sampling if necessary.
func (s *Sampler) askAll(now time.Time) {
	if s.all.ask(now, s.opts.Idle) {
		s.warm = false
		s.wakeLoop()
	}
	s.start()
}

// askOne renews the demand for one container. It returns nil and no error if the caller must wait for the list.
func (s *Sampler) askOne(id string, began, now time.Time, expired bool) (*entry, error) {
	e, ok := s.table.byID[id]
	switch {
	case ok:
		if e.wanted().ask(now, s.opts.Idle) {
			s.wakeLoop()
		}
		s.start()
		if !s.synced && s.fault == nil && now.Sub(s.listed) > relist && !expired {
			return nil, nil //nolint:nilnil // wait: the container may have started since the last list
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
	s.wakeLoop()
	s.start()
	return nil, nil //nolint:nilnil // wait
}

// answerAll returns the snapshot. It returns nil and no error if the caller must wait; if expired, it doesn't.
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

// answerOne returns the usage of one container. done is false if the caller must wait; if expired, it is true or there is an
// error.
func (s *Sampler) answerOne(e *entry, now time.Time, expired bool) (u Usage, done bool, err error) {
	sampled := s.recent(e.lastAt, now)
	switch {
	case s.fault != nil && !sampled:
		return Usage{}, false, s.fault
	case s.fault != nil, e.live(now, s.since(e, now)):
		return e.row(), true, nil //nolint:nilerr // the last sample is still recent enough
	case !e.runs():
		return e.row(), true, nil
	case !expired:
		return Usage{}, false, nil
	case !sampled:
		return Usage{}, false, errSilent
	}
	return e.row(), true, nil
}

// recent reports whether a sample of that time may be shown as current: it is at most maxAge old, and the engine hasn't been
// failing for longer than maxAge. The latter applies also to samples from the kernel's files.
func (s *Sampler) recent(sampled, now time.Time) bool {
	if sampled.IsZero() || now.Sub(sampled) > maxAge {
		return false
	}
	return s.fault == nil || now.Sub(s.faultAt) <= maxAge
}

// fail records why the host can't be asked. The snapshot of that moment is shown until it can be asked again.
func (s *Sampler) fail(err error, now time.Time) {
	if s.fault == nil {
		s.current(now)
		s.faultAt = now
	}
	s.fault = err
}

// complete reports whether each running container has two samples since the demand for it began.
func (s *Sampler) complete(now time.Time) bool {
	for _, e := range s.table.order {
		if e.runs() && !e.live(now, s.since(e, now)) {
			return false
		}
	}
	return true
}

// since returns when the demand for a container began.
func (s *Sampler) since(e *entry, now time.Time) time.Time {
	if e.active(now, s.opts.Idle) && (!s.all.active(now, s.opts.Idle) || e.since.Before(s.all.since)) {
		return e.since
	}
	return s.all.since
}

// current returns the snapshot. It makes a new one if the last is outdated.
func (s *Sampler) current(now time.Time) *Snapshot {
	if s.snapshot == nil || s.dirty || now.After(s.snapshot.stale) {
		s.snapshot, s.dirty, s.news = s.table.snapshot(now), false, false
	}
	return s.snapshot
}
