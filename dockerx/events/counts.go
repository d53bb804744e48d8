package events

import "sync/atomic"

// modelStates are the states that a model counts, in the order of its counts.
var modelStates = [...]string{StateCreated, StateRunning, StatePaused, StateExited}

// stateCounts are how many containers of a model are in each state. They may be read while the model changes.
type stateCounts struct {
	known  atomic.Bool
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
	c.known.Store(states != nil)
}

// StateCount is a number of containers in one state.
type StateCount struct {
	State string
	Count int64
}

// Containers returns how many of the host's containers are in each state, created, running, paused and exited, as the
// events so far imply; nil while nothing is known.
func (r *Reader) Containers() []StateCount {
	c := &r.model.counts
	if !c.known.Load() {
		return nil
	}
	all := make([]StateCount, len(modelStates))
	for i, state := range modelStates {
		all[i] = StateCount{state, c.counts[i].Load()}
	}
	return all
}
