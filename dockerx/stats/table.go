package stats

import (
	"slices"
	"time"
)

// entry is one container and what is known of its use. Guarded by Sampler.mu.
type entry struct {
	Container
	// What is measured of it, for reading alone: own gives what may be changed. Most containers of a large fleet are never
	// asked for, and share the zero value.
	*measured
	fromEngine bool   // the kernel can't see it
	logged     bool   // the log has it that fromEngine
	epoch      uint32 // grows when the container starts or stops: older readings mean nothing
}

// measured is what is known of a container's use, and how long callers want it. Its zero value is that of one that was never asked for.
type measured struct {
	demand
	base, last Sample    // the pair that usage rests on; base is zero where there is none
	lastAt     time.Time // when last came in, by our clock
	paired     bool      // usage rests on two samples
	reading    bool      // a reading is under way
	empty      int       // readings in a row that found no process
	retry      time.Time // not before: the last reading failed
	usage      Usage
	history    ring
}

// unmeasured is shared by all entries that were never asked for. It is never written.
var unmeasured measured

// own returns what is measured of the container, to be changed.
func (e *entry) own() *measured {
	if e.measured == &unmeasured {
		e.measured = new(measured)
	}
	return e.measured
}

// demand is what callers ask for. The zero value is nothing.
type demand struct {
	asked    time.Time // last
	since    time.Time // when the demand began that hasn't ended since
	watchers int
}

func (d *demand) active(now time.Time, idle time.Duration) bool {
	return d.watchers > 0 || now.Sub(d.asked) < idle
}

// ask renews the demand and reports whether it is new.
func (d *demand) ask(now time.Time, idle time.Duration) bool {
	fresh := !d.active(now, idle)
	if fresh {
		d.since = now
	}
	d.asked = now
	return fresh
}

// wanted returns the demand for the container, to be changed.
func (e *entry) wanted() *demand { return &e.own().demand }

// drop forgets the samples: the container's counters begin again.
func (e *entry) drop() {
	e.epoch++
	if e.measured == &unmeasured {
		return
	}
	e.base, e.last, e.lastAt, e.paired, e.reading, e.empty = Sample{}, Sample{}, time.Time{}, false, false, 0
	e.usage = Usage{}
}

// add takes a sample in. One that follows the last too closely doesn't replace the base, one that
// follows too late has none.
func (e *entry) add(s Sample, now time.Time) {
	m := e.own()
	gap := s.Read.Sub(m.last.Read)
	switch {
	case m.last.Read.IsZero() || gap > maxGap || now.Sub(m.lastAt) > maxGap || s.CPUTotal < m.last.CPUTotal:
		m.base = Sample{}
	case gap >= minGap*9/10: // the two clocks are not one
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

// runs reports whether the container has a process. One empty sample against what list and events say may
// be the engine's mistake; two in a row are taken at their word, until a sample or an event says otherwise.
func (e *entry) runs() bool { return e.Running && e.empty < 2 }

// foundEmpty takes in that the container has no process, and returns when to look again.
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

// row is the usage with what it is of.
func (e *entry) row() Usage {
	u := e.usage
	u.ID, u.Name, u.Labels, u.Running = e.ID, e.Name, e.Labels, e.runs()
	return u
}

// table is the host's containers in the host's order. Guarded by Sampler.mu.
type table struct {
	byID  map[string]*entry
	order []*entry
}

// replace takes over a list; what is known of containers that stay is kept.
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

// insert puts a new container first, as Docker's list does.
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

// live reports whether usage is what is: it rests on two samples, the last of them taken since the
// demand began and not too long ago.
func (e *entry) live(now, since time.Time) bool {
	return e.paired && !e.lastAt.Before(since) && now.Sub(e.lastAt) <= maxAge
}

// snapshot makes the rows. A running container whose sample is too old shows none.
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
