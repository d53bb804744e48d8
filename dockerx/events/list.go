package events

import (
	"context"
	"time"
)

// askList asks for the container list in the background. Containers with events from now on are collected,
// since a list and the events around it come in no fixed order.
func (s *stream) askList(ctx context.Context) {
	if s.touched == nil {
		s.touched = make(map[string]struct{})
	}
	if s.listing {
		return
	}
	s.rows, s.listing = nil, true
	go func() {
		list, err := s.opts.Source.ListContainers(ctx)
		s.listed <- listResult{list, err}
	}()
}

// gotList waits for events that the list already reflects, or before asking again.
func (s *stream) gotList(res listResult) {
	if res.err != nil {
		s.tries++
		s.opts.Logger.Debug().Err(res.err).Msg("list containers for the event log")
		s.compare.Reset(max(retryDelay(s.tries), firstRetry))
		return
	}
	s.tries = 0
	s.rows = res.list
	if s.rows == nil {
		s.rows = []Container{}
	}
	s.compare.Reset(listDelay)
}

// reconcile makes the model agree with the list and emits what must have happened.
func (s *stream) reconcile(ctx context.Context) {
	if s.rows == nil {
		s.askList(ctx)
		return
	}
	list, touched := s.rows, s.touched
	s.rows, s.touched = nil, nil
	if !s.model.filled() {
		s.baseline(list, touched)
		s.resync = nil
		return
	}
	at := s.openedAt
	if s.resync != nil {
		at = s.resync.to
	}
	s.resync = nil
	for _, d := range s.model.adopt(list, touched) {
		name := d.name
		if name == "" {
			name = d.id
		}
		s.opts.Emit(Event{
			Host: s.opts.Host, Kind: KindDocker, Type: "container", Action: d.action, ActorID: d.id,
			ActorName: name, Time: at, Attrs: d.attrs, Labels: d.labels,
		})
	}
}

// baseline takes the list as the beginning. Containers that had events meanwhile are left to these.
func (s *stream) baseline(list []Container, touched map[string]struct{}) {
	s.model.states = make(map[string]ContainerState, len(list))
	for i := range list {
		c := &list[i]
		s.model.states[c.ID] = ContainerState{Name: c.Name, State: modelState(c.State)}
	}
	s.model.counts.begin(s.model.states)
	if s.opts.Counted != nil {
		s.opts.Counted()
	}
	found := make([]Found, 0, len(list))
	for i := range list {
		c := &list[i]
		if _, ok := touched[c.ID]; !ok {
			found = append(found, Found{c.ID, ContainerState{Name: c.Name, State: modelState(c.State)}})
		}
	}
	s.opts.Emit(Event{
		Host: s.opts.Host, Kind: KindState, Type: "host", Action: "found", ActorID: s.opts.Host, ActorName: s.opts.Host,
		Time: time.Now().Add(s.skew).UTC(), Found: found,
	})
}
