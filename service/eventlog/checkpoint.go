package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/util/text"
)

// hostEvery is the shortest interval between writes of a host's state. Resume finds later anchors in the log.
const hostEvery = time.Second

type containerID struct{ host, id string }

type containerState struct {
	name, state string // empty if the container is gone
}

func (s containerState) gone() bool { return s.state == "" }

type hostState struct {
	anchor *events.Event
	seen   int64
	epoch  int64
}

// checkpoints remembers the states of containers and hosts as last written to the database, so that only changes are written.
type checkpoints struct {
	states map[string]map[string]containerState // by host and id
	hosts  map[string]time.Time                 // the last write, by host
	later  map[string]hostState                 // still to be written, when due
}

func newCheckpoints() checkpoints {
	return checkpoints{states: make(map[string]map[string]containerState), hosts: make(map[string]time.Time), later: make(map[string]hostState)}
}

// changes returns the container states that a batch changes, and the host states that are due.
func (k *checkpoints) changes(batch []*pending, now time.Time) (map[containerID]containerState, map[string]hostState) {
	states := statesAfter(batch)
	for id, s := range states {
		if was, known := k.states[id.host][id.id]; known && was == s {
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

// due returns the unwritten states of hosts that were last written at least hostEvery ago.
func (k *checkpoints) due(now time.Time) map[string]hostState {
	due := make(map[string]hostState)
	for host, h := range k.later {
		if now.Sub(k.hosts[host]) >= hostEvery {
			due[host] = h
		}
	}
	return due
}

// committed records that states have been committed.
func (k *checkpoints) committed(states map[containerID]containerState, hosts map[string]hostState, now time.Time) {
	for id, s := range states {
		of := k.states[id.host]
		switch {
		case s.gone():
			delete(of, id.id)
			continue
		case of == nil:
			of = make(map[string]containerState)
			k.states[id.host] = of
		}
		of[id.id] = s
	}
	for host := range hosts {
		k.hosts[host] = now
		delete(k.later, host)
	}
}

// saveHosts writes the host states that are due and weren't written with a batch.
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
		return l.saveCheckpoint(ctx, q, nil, hosts)
	})
	switch {
	case err == nil:
		l.checkpoints.committed(nil, hosts, now)
	case errors.Is(err, errNotHeld):
		return l.refuse(ctx)
	}
	return err
}

// forget drops the remembered states of a host: another replica may have written newer ones.
func (k *checkpoints) forget(host string) {
	delete(k.states, host)
	delete(k.hosts, host)
	delete(k.later, host)
}

// saveCheckpoint writes the states from which readers resume after a restart.
func (l *Log) saveCheckpoint(ctx context.Context, q *sqlc.Queries, states map[containerID]containerState, hosts map[string]hostState) error {
	rows := make([]sqlc.PutEventHostParams, 0, len(hosts))
	for host, e := range hosts {
		row := sqlc.PutEventHostParams{Host: host, SeenNano: e.seen}
		if e.anchor != nil {
			b, err := json.Marshal(e.anchor)
			if err != nil {
				return fmt.Errorf("encode a host's anchor: %w", err)
			}
			row.Anchor = string(b)
		}
		rows = append(rows, row)
	}
	save := saveEach
	if l.db.Kind() == db.Postgres {
		save = saveTogether
	}
	if err := save(ctx, q, states, rows); err != nil {
		return fmt.Errorf("save the states of containers and hosts: %w", err)
	}
	return nil
}

func saveEach(ctx context.Context, q *sqlc.Queries, states map[containerID]containerState, hosts []sqlc.PutEventHostParams) error {
	for id, s := range states {
		var err error
		if s.gone() {
			err = q.DeleteEventContainer(ctx, sqlc.DeleteEventContainerParams{Host: id.host, ID: id.id})
		} else {
			err = q.PutEventContainer(ctx, sqlc.PutEventContainerParams{Host: id.host, ID: id.id, Name: s.name, State: s.state})
		}
		if err != nil {
			return err
		}
	}
	for _, row := range hosts {
		if err := q.PutEventHost(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// saveTogether writes many states per statement: on Postgres each statement is a round trip, and the first reading of a fleet
// has a state for each of its containers.
func saveTogether(ctx context.Context, q *sqlc.Queries, states map[containerID]containerState, hosts []sqlc.PutEventHostParams) error {
	var put sqlc.PutEventContainersParams
	for id, s := range states {
		if s.gone() {
			if err := q.DeleteEventContainer(ctx, sqlc.DeleteEventContainerParams{Host: id.host, ID: id.id}); err != nil {
				return err
			}
			continue
		}
		put.Hosts, put.Ids = append(put.Hosts, id.host), append(put.Ids, id.id)
		put.Names, put.States = append(put.Names, s.name), append(put.States, s.state)
		if len(put.Hosts) == maxFound { // each statement has its own deadline
			if err := q.PutEventContainers(ctx, put); err != nil {
				return err
			}
			put = sqlc.PutEventContainersParams{}
		}
	}
	if len(put.Hosts) > 0 {
		if err := q.PutEventContainers(ctx, put); err != nil {
			return err
		}
	}
	if len(hosts) == 0 {
		return nil
	}
	var rows sqlc.PutEventHostsParams
	for _, row := range hosts {
		rows.Hosts, rows.Anchors = append(rows.Hosts, row.Host), append(rows.Anchors, row.Anchor)
		rows.SeenNanos = append(rows.SeenNanos, row.SeenNano)
	}
	return q.PutEventHosts(ctx, rows)
}

// statesAfter returns the last state of each container that occurs in a batch.
func statesAfter(batch []*pending) map[containerID]containerState {
	states := make(map[containerID]containerState)
	for _, p := range batch {
		e := &p.rec.Event
		for _, c := range e.Found {
			states[containerID{e.Host, text.Storable(c.ID)}] = containerState{text.Storable(c.Name), c.State}
		}
		if e.Type != "container" || e.ActorID == "" {
			continue
		}
		id := containerID{e.Host, text.Storable(e.ActorID)}
		switch state, gone := events.StateAfter(e.Action); {
		case gone:
			states[id] = containerState{}
		case state != "":
			states[id] = containerState{text.Storable(e.ActorName), state}
		}
	}
	return states
}

// latestOf returns the state of each host after a batch: the last event from its engine, and the time of its last record.
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
