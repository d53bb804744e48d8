package dockerx

import (
	"context"
	"time"
)

// askList asks for the container list in the background. What happens from now on is noted,
// since a list and the events around it come in no fixed order.
func (s *eventStream) askList(ctx context.Context) {
	if s.touched == nil {
		s.touched = make(map[string]struct{})
	}
	if s.listing {
		return
	}
	s.rows, s.listing = nil, true
	go func() {
		list, err := s.src.listForEvents(ctx)
		s.listed <- listResult{list, err}
	}()
}

// gotList waits for events that the list already reflects, or before asking again.
func (s *eventStream) gotList(res listResult) {
	if res.err != nil {
		s.tries++
		s.log.Debug().Err(res.err).Msg("list containers for the event log")
		s.settled.Reset(max(retryDelay(s.tries), firstRetry))
		return
	}
	s.tries = 0
	s.rows = res.list
	if s.rows == nil {
		s.rows = []Container{}
	}
	s.settled.Reset(settle)
}

// reconcile makes the model agree with the list and emits what must have happened.
func (s *eventStream) reconcile(ctx context.Context) {
	if s.rows == nil {
		s.askList(ctx)
		return
	}
	list, touched := s.rows, s.touched
	s.rows, s.touched = nil, nil
	if !s.model.known() {
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
		s.emit(Event{
			Host: s.host, Kind: KindDocker, Type: "container", Action: d.action, ActorID: d.id,
			ActorName: name, Time: at, Attrs: d.attrs, Labels: d.labels,
		})
	}
}

// baseline takes the list as the beginning. Containers that had events meanwhile are told
// by these.
func (s *eventStream) baseline(list []Container, touched map[string]struct{}) {
	s.model.states = make(map[string]ContainerState, len(list))
	for i := range list {
		c := &list[i]
		s.model.states[c.ID] = ContainerState{Name: c.Name, State: modelState(c.State)}
		if _, ok := touched[c.ID]; ok {
			continue
		}
		s.emit(Event{
			Host: s.host, Kind: KindState, Type: "container", Action: modelState(c.State),
			ActorID: c.ID, ActorName: c.Name, Time: time.Now().Add(s.skew).UTC(), Attrs: map[string]string{"name": c.Name},
		})
	}
}

// watch pings the daemon beside the stream, which alone can't tell a quiet daemon from a mute
// or vanished one, and cuts the stream after two misses.
func (r *eventReader) watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pingCtx, stop := context.WithTimeout(ctx, pingLimit)
		_, err := r.src.pingEvents(pingCtx)
		stop()
		switch {
		case err == nil:
			misses = 0
			continue
		case FaultOf(err) == FaultLocal: // says nothing of the daemon
			continue
		}
		if misses++; misses >= pingMisses {
			cancel(errMute)
			return
		}
	}
}
