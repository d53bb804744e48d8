package api

import (
	"net/http"
	"slices"

	"wharf/api/dto"
	"wharf/api/events"
	"wharf/api/stream"
	"wharf/service"
	"wharf/service/eventlog"
)

// streamEvents answers GET /events, the contract's stream. It resumes after the client's last event and reports gaps.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.StreamQuery) error {
	open, err := s.eventStream(r, &actor, &q)
	if err != nil {
		return err
	}
	o := s.streamOptions(actor)
	o.KeepAlive = true // the contract requires it
	return s.streams.ServePolled(w, r, o, open)
}

// eventStream returns the function that opens the stream. Errors: Invalid.
func (s *Server) eventStream(r *http.Request, actor *service.Actor, q *dto.StreamQuery) (open func(stream.Format, func()) stream.Poller, err error) {
	filter, err := events.Filter(q.EventFilter, s.sees(*actor))
	if err != nil {
		return nil, err
	}
	sub := eventlog.Subscribe{Filter: filter}
	if sub.After, sub.Resume, err = events.Place(*q, r.Header.Get("Last-Event-ID")); err != nil {
		return nil, err
	}
	return func(_ stream.Format, notify func()) stream.Poller {
		sub.Wake = notify
		return events.NewPoller(s.events.Subscribe(*actor, sub), actor)
	}, nil
}

// sees returns a function that reports whether the actor sees the host of that name.
func (s *Server) sees(actor service.Actor) func(host string) bool {
	return func(host string) bool {
		return slices.ContainsFunc(s.hosts.List(actor), func(h service.HostInfo) bool { return h.Name == host })
	}
}

// queryEvents answers GET /v1/events from the event log.
func (s *Server) queryEvents(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.EventQuery) error {
	filter, err := events.Filter(q.EventFilter, s.sees(actor))
	if err != nil {
		return err
	}
	ask := eventlog.Query{
		Filter: filter, Since: q.Since, Until: q.Until, Ascending: q.Order == "asc", Limit: q.Limit, Cursor: q.Cursor, Rest: s.past.Rest,
	}
	ask.Unexpected = q.Unexpected
	page, err := s.events.Query(r.Context(), actor, ask)
	if err != nil {
		return err
	}
	return respondData(w, events.PageOf(page, actor))
}
