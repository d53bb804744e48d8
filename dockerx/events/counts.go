package events

import "sync/atomic"

// modelStates are the states that a model counts, in the order of stateCounts.counts.
var modelStates = [...]string{StateCreated, StateRunning, StatePaused, StateExited}

// stateCounts counts a model's containers in each state. It may be read while the model changes.
type stateCounts struct {
	filled atomic.Bool // the model has had a first list or was restored
	counts [len(modelStates)]atomic.Int64
}

func (c *stateCounts) add(state string, by int64) {
	for i, s := range modelStates {
		if s == state {
			c.counts[i].Add(by)
		}
	}
}

// begin counts the containers of a new model.
func (c *stateCounts) begin(states map[string]ContainerState) {
	for i := range c.counts {
		c.counts[i].Store(0)
	}
	for _, s := range states {
		c.add(s.State, 1)
	}
	c.filled.Store(states != nil)
}

// StateCount is the number of containers in one state.
type StateCount struct {
	State string
	Count int64
}

// Containers returns how many of the host's containers are created, running, paused and exited, according to the events so
// far; nil before the first list.
func (r *Reader) Containers() []StateCount {
	c := &r.model.counts
	if !c.filled.Load() {
		return nil
	}
	all := make([]StateCount, len(modelStates))
	for i, state := range modelStates {
		all[i] = StateCount{state, c.counts[i].Load()}
	}
	return all
}
