package stats

import (
	"slices"
	"time"
)

// entry is one container with its samples. It is guarded by Sampler.mu.
type entry struct {
	Container
	// The container's samples, read-only: own returns those that may be changed. Most containers of a large fleet are never
	// asked for, and share unmeasured.
	*measured
	fromEngine bool   // the kernel's files can't be read
	logged     bool   // fromEngine was logged
	epoch      uint32 // incremented when the container starts or stops: readings of an older epoch are ignored
}

// measured has the samples of a container and the demand for it. The zero value is for a container that was never asked for.
type measured struct {
	demand
	base, last Sample    // the two samples from which usage is computed; base is zero if there is only one
	lastAt     time.Time // when last was received, by wharf's clock
	paired     bool      // usage is computed from two samples
	reading    bool      // the container is being read
	empty      int       // readings in a row that found no process
	retry      time.Time // after a failed reading: when to read again
	usage      Usage
	history    ring
}

// unmeasured is shared by all entries that were never asked for. It is never written.
var unmeasured measured

// own returns the container's samples for changing them. It makes a copy instead of changing unmeasured.
func (e *entry) own() *measured {
	if e.measured == &unmeasured {
		e.measured = new(measured)
	}
	return e.measured
}

// demand records when callers asked for usage. The zero value: never.
type demand struct {
	asked    time.Time // the last time
	since    time.Time // when the present demand began
	watchers int
}

func (d *demand) active(now time.Time, idle time.Duration) bool {
	return d.watchers > 0 || now.Sub(d.asked) < idle
}

// ask renews the demand and reports whether there was none before.
func (d *demand) ask(now time.Time, idle time.Duration) bool {
	fresh := !d.active(now, idle)
	if fresh {
		d.since = now
	}
	d.asked = now
	return fresh
}

// wanted returns the demand for the container, for changing it.
func (e *entry) wanted() *demand { return &e.own().demand }

// drop discards the samples, since the container's counters begin again from zero.
func (e *entry) drop() {
	e.epoch++
	if e.measured == &unmeasured {
		return
	}
	e.base, e.last, e.lastAt, e.paired, e.reading, e.empty = Sample{}, Sample{}, time.Time{}, false, false, 0
	e.usage = Usage{}
}

// add adds a sample and computes the usage. If the sample follows the last one too closely, the base remains; if it follows
// too late, there is no base.
func (e *entry) add(s Sample, now time.Time) {
	m := e.own()
	gap := s.Read.Sub(m.last.Read)
	switch {
	case m.last.Read.IsZero() || gap > maxGap || now.Sub(m.lastAt) > maxGap || s.CPUTotal < m.last.CPUTotal:
		m.base = Sample{}
	case gap >= minGap*9/10: // with a tolerance: gap is by the sample's clock, minGap was waited by wharf's
		m.base = m.last
	}
	m.last, m.lastAt, m.empty = s, now, 0
	m.paired = !m.base.Read.IsZero()
	m.usage = Usage{SampledAt: now}
	m.usage.apply(s)
	if m.paired {
		m.usage.applyPair(m.base, s)
	}
}

// runs reports whether the container is running. One empty sample of a container that is running according to list and events
// may be the engine's mistake; after two in a row it counts as stopped, until a sample or an event shows otherwise.
func (e *entry) runs() bool { return e.Running && e.empty < 2 }

// foundEmpty records a reading that found no process, and sets when to read again.
func (e *entry) foundEmpty(now time.Time) {
	m := e.own()
	empty := m.empty + 1
	if empty == 1 {
		m.empty, m.retry = 1, now.Add(retryAfter)
		return
	}
	e.drop()
	m.empty, m.retry = empty, now.Add(relist)
}

// row returns the usage with the container's id, name and labels.
func (e *entry) row() Usage {
	u := e.usage
	u.ID, u.Name, u.Labels, u.Running = e.ID, e.Name, e.Labels, e.runs()
	return u
}

// table holds the host's containers in the host's order. It is guarded by Sampler.mu.
type table struct {
	byID  map[string]*entry
	order []*entry
}

// replace sets the table to a list. It keeps the samples of containers that remain, and calls forget for those that are gone
// or have started or stopped.
func (t *table) replace(list []Container, forget func(id string)) {
	old := t.byID
	t.byID = make(map[string]*entry, len(list))
	t.order = make([]*entry, 0, len(list))
	for _, c := range list {
		e, ok := old[c.ID]
		if !ok {
			e = &entry{measured: &unmeasured}
		}
		if e.Running != c.Running {
			e.drop()
			forget(c.ID)
		}
		e.Container = c
		t.byID[c.ID] = e
		t.order = append(t.order, e)
	}
	for id := range old {
		if t.byID[id] == nil {
			forget(id)
		}
	}
}

// insert adds a new container at the beginning, as in Docker's list.
func (t *table) insert(c Container) *entry {
	e := &entry{Container: c, measured: &unmeasured}
	if t.byID == nil {
		t.byID = map[string]*entry{}
	}
	t.byID[c.ID] = e
	t.order = slices.Insert(t.order, 0, e)
	return e
}

func (t *table) remove(id string) {
	delete(t.byID, id)
	t.order = slices.DeleteFunc(t.order, func(e *entry) bool { return e.ID == id })
}

// live reports whether usage is current: it is computed from two samples, and the last one came after since and within maxAge.
func (e *entry) live(now, since time.Time) bool {
	return e.paired && !e.lastAt.Before(since) && now.Sub(e.lastAt) <= maxAge
}

// snapshot returns a new snapshot. A running container whose last sample is too old has a Usage without numbers.
func (t *table) snapshot(now time.Time) *Snapshot {
	snap := &Snapshot{Usages: make([]Usage, len(t.order)), stale: now.Add(time.Hour)}
	for i, e := range t.order {
		u := &snap.Usages[i]
		*u = e.row()
		if !e.runs() {
			continue
		}
		old := e.lastAt.Add(maxAge)
		if e.lastAt.IsZero() || now.After(old) {
			*u = Usage{ID: u.ID, Name: u.Name, Labels: u.Labels, Running: true, Partial: true}
			snap.Partial = true
			continue
		}
		if !e.paired {
			u.Partial, snap.Partial = true, true
		}
		if old.Before(snap.stale) {
			snap.stale = old
		}
		if e.lastAt.After(snap.SampledAt) {
			snap.SampledAt = e.lastAt
		}
	}
	return snap
}
