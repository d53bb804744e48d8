package stats

import (
	"slices"
	"time"
)

// entry is one container and what is known of its use. Guarded by Sampler.mu.
type entry struct {
	Container
	demand
	base, last Sample    // the pair that usage rests on; base is zero where there is none
	lastAt     time.Time // when last came in, by our clock
	paired     bool      // usage rests on two samples
	reading    bool      // a reading is under way
	empty      int       // readings in a row that found no process
	fromEngine bool      // the kernel can't see it
	logged     bool      // the log has it that fromEngine
	retry      time.Time // not before: the last reading failed
	epoch      uint32    // grows when the container starts or stops: older readings mean nothing
	usage      Usage
	history    ring
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

// drop forgets the samples: the container's counters begin again.
func (e *entry) drop() {
	e.base, e.last, e.lastAt, e.paired, e.reading, e.empty = Sample{}, Sample{}, time.Time{}, false, false, 0
	e.usage = Usage{}
	e.epoch++
}

// add takes a sample in. One that follows the last too closely doesn't replace the base, one that
// follows too late has none.
func (e *entry) add(s Sample, now time.Time) {
	gap := s.Read.Sub(e.last.Read)
	switch {
	case e.last.Read.IsZero() || gap > maxGap || now.Sub(e.lastAt) > maxGap || s.CPUTotal < e.last.CPUTotal:
		e.base = Sample{}
	case gap >= minGap*9/10: // the two clocks are not one
		e.base = e.last
	}
	e.last, e.lastAt, e.empty = s, now, 0
	e.paired = !e.base.Read.IsZero()
	e.usage = Usage{SampledAt: now}
	e.usage.apply(s)
	if e.paired {
		e.usage.applyPair(e.base, s)
	}
}

// runs reports whether the container has a process. One empty sample against what list and events say may
// be the engine's mistake; two in a row are taken at their word, until a sample or an event says otherwise.
func (e *entry) runs() bool { return e.Running && e.empty < 2 }

// foundEmpty takes in that the container has no process, and returns when to look again.
func (e *entry) foundEmpty(now time.Time) {
	empty := e.empty + 1
	if empty == 1 {
		e.empty, e.retry = 1, now.Add(retryAfter)
		return
	}
	e.drop()
	e.empty, e.retry = empty, now.Add(relist)
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
			e = &entry{}
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
	e := &entry{Container: c}
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
