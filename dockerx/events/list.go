package events

import (
	"context"
	"time"
)

// askList requests the container list in the background. From now on s.touched collects the containers with events, since
// the order of a list and the events around it isn't fixed.
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

// gotList sets the timer compare: after a list, to wait for events that the list already reflects; after an error, to ask
// again.
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

// reconcile updates the model from the list and emits the events that must have happened. Without a list it asks for one.
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

// baseline makes the list the model's first content and emits it as found states, without the containers that had events
// since the list was requested.
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
