package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/util/text"
)

// hostEvery is how often a host's anchor is written. Resume finds later anchors in the log.
const hostEvery = time.Second

type containerID struct{ host, id string }

type containerState struct {
	name, state string
	gone        bool
}

type hostState struct {
	anchor *events.Event
	seen   int64
	epoch  int64
}

// checkpoints has the states of containers and hosts that the database has, so that only changes are written.
type checkpoints struct {
	states map[containerID]containerState
	hosts  map[string]time.Time // when each was written
	later  map[string]hostState // to be written when due
}

func newCheckpoints() checkpoints {
	return checkpoints{states: make(map[containerID]containerState), hosts: make(map[string]time.Time), later: make(map[string]hostState)}
}

// changes returns the states that a batch changes, and the hosts that are due.
func (k *checkpoints) changes(batch []*pending, now time.Time) (map[containerID]containerState, map[string]hostState) {
	states := statesAfter(batch)
	for id, s := range states {
		if k.states[id] == s {
			delete(states, id)
		}
	}
	for host, h := range latestOf(batch) {
		if h.anchor == nil {
			h.anchor = k.later[host].anchor
		}
		k.later[host] = h
	}
	return states, k.due(now)
}

// due returns the hosts that were last written more than hostEvery ago.
func (k *checkpoints) due(now time.Time) map[string]hostState {
	due := make(map[string]hostState)
	for host, h := range k.later {
		if now.Sub(k.hosts[host]) >= hostEvery {
			due[host] = h
		}
	}
	return due
}

// committed takes the states that were committed.
func (k *checkpoints) committed(states map[containerID]containerState, hosts map[string]hostState, now time.Time) {
	for id, s := range states {
		if s.gone {
			delete(k.states, id)
			continue
		}
		k.states[id] = s
	}
	for host := range hosts {
		k.hosts[host] = now
		delete(k.later, host)
	}
}

// saveHosts writes the hosts that are due although there is no batch to write them with.
func (l *Log) saveHosts(ctx context.Context) error {
	now := time.Now()
	hosts := l.checkpoints.due(now)
	if len(hosts) == 0 {
		return nil
	}
	epochs := make(map[string]int64)
	for host, h := range hosts {
		epochs[host] = h.epoch
	}
	err := l.db.InTx(ctx, func(q *sqlc.Queries) error {
		if l.opts.Leased {
			if _, err := q.TakeEventIDs(ctx, 0); err != nil {
				return fmt.Errorf("lock the event log: %w", err)
			}
			if err := l.checkEpochs(ctx, q, epochs); err != nil {
				return err
			}
		}
		return saveCheckpoint(ctx, q, nil, hosts)
	})
	switch {
	case err == nil:
		l.checkpoints.committed(nil, hosts, now)
	case errors.Is(err, errNotHeld):
		return l.refuse(ctx)
	}
	return err
}

// forget drops what was written of a host: another replica may have written since.
func (k *checkpoints) forget(host string) {
	maps.DeleteFunc(k.states, func(id containerID, _ containerState) bool { return id.host == host })
	delete(k.hosts, host)
	delete(k.later, host)
}

// saveCheckpoint writes the states from which a reader resumes after a restart.
func saveCheckpoint(ctx context.Context, q *sqlc.Queries, states map[containerID]containerState, hosts map[string]hostState) error {
	for id, s := range states {
		var err error
		if s.gone {
			err = q.DeleteEventContainer(ctx, sqlc.DeleteEventContainerParams{Host: id.host, ID: id.id})
		} else {
			err = q.PutEventContainer(ctx, sqlc.PutEventContainerParams{Host: id.host, ID: id.id, Name: s.name, State: s.state})
		}
		if err != nil {
			return fmt.Errorf("save a container's state: %w", err)
		}
	}
	for host, e := range hosts {
		arg := sqlc.PutEventHostParams{Host: host, SeenNano: e.seen}
		if e.anchor != nil {
			b, err := json.Marshal(e.anchor)
			if err != nil {
				return fmt.Errorf("encode a host's anchor: %w", err)
			}
			arg.Anchor = string(b)
		}
		if err := q.PutEventHost(ctx, arg); err != nil {
			return fmt.Errorf("save a host's anchor: %w", err)
		}
	}
	return nil
}

// statesAfter returns the last state of each container in a batch.
func statesAfter(batch []*pending) map[containerID]containerState {
	states := make(map[containerID]containerState)
	for _, p := range batch {
		e := &p.rec.Event
		if e.Type != "container" || e.ActorID == "" {
			continue
		}
		state, gone := events.StateAfter(e.Action)
		if e.Kind == events.KindState {
			state = e.Action
		}
		if state != "" || gone {
			states[containerID{e.Host, text.Storable(e.ActorID)}] = containerState{text.Storable(e.ActorName), state, gone}
		}
	}
	return states
}

// latestOf returns the state of each host after a batch: its last event and the time of its last record.
func latestOf(batch []*pending) map[string]hostState {
	latest := make(map[string]hostState)
	for _, p := range batch {
		e := &p.rec.Event
		s := latest[e.Host]
		s.seen, s.epoch = e.Time.UnixNano(), p.epoch
		if e.Kind == events.KindDocker && !inferred(e) {
			s.anchor = e
		}
		latest[e.Host] = s
	}
	return latest
}
