package api

import (
	"net/http"
	"slices"
	"strconv"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/containers"
	"wharf/dockerx/events"
	"wharf/service"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

// streamEvents answers GET /events: the contract's stream, which knows what a client missed.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.StreamQuery) error {
	open, err := s.eventStream(r, &actor, &q)
	if err != nil {
		return err
	}
	return s.streams.ServePolled(w, r, s.streamOptions(actor), open)
}

// eventStream returns what opens the stream. Errors: Invalid.
func (s *Server) eventStream(r *http.Request, actor *service.Actor, q *dto.StreamQuery) (open func(stream.Format, func()) stream.Poller, err error) {
	filter, err := s.eventFilter(q.EventFilter, *actor)
	if err != nil {
		return nil, err
	}
	sub := eventlog.Subscribe{Filter: filter}
	if sub.After, sub.Resume, err = lastEventID(*q, r); err != nil {
		return nil, err
	}
	return func(_ stream.Format, notify func()) stream.Poller {
		sub.Wake = notify
		return &eventSource{sub: s.events.Subscribe(*actor, sub), masks: actor.MasksRecord}
	}, nil
}

// eventFilter is what narrows a stream or a query. Errors: Invalid.
func (s *Server) eventFilter(q dto.EventFilter, actor service.Actor) (eventlog.Filter, error) {
	var problems []string
	f := eventlog.Filter{Hosts: q.Host, Types: q.Type, Actions: q.Action, Containers: q.Container}
	for _, name := range f.Hosts {
		if !slices.ContainsFunc(s.hosts.List(actor), func(h service.HostInfo) bool { return h.Name == name }) {
			problems = append(problems, "host: unknown host "+strconv.Quote(name))
		}
	}
	for i, name := range f.Containers {
		ref, err := containers.ParseRef(name)
		if err != nil {
			problems = append(problems, "container: "+err.Error())
			continue
		}
		f.Containers[i] = ref.String()
	}
	return f, invalid(problems)
}

// lastEventID reads where the client left off: from the header that browsers send when they
// reconnect, or from the parameter, for clients that can't set it. Errors: Invalid.
func lastEventID(q dto.StreamQuery, r *http.Request) (id int64, resume bool, err error) {
	text := q.LastEventID
	if sent := r.Header.Get("Last-Event-ID"); sent != "" {
		text = sent
	}
	if text == "" {
		return 0, false, nil
	}
	id, err = strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, false, apperr.New(apperr.Invalid, "last_event_id: expected an id that this server gave")
	}
	return id, true, nil
}

// queryEvents answers GET /v1/events: what the log holds.
func (s *Server) queryEvents(w http.ResponseWriter, r *http.Request, actor service.Actor, q dto.EventQuery) error {
	filter, err := s.eventFilter(q.EventFilter, actor)
	if err != nil {
		return err
	}
	ask := eventlog.Query{
		Filter: filter, Since: q.Since, Until: q.Until, Ascending: q.Order == "asc", Limit: q.Limit, Cursor: q.Cursor, Rest: s.past.rest,
	}
	ask.Unexpected = q.Unexpected
	page, err := s.events.Query(r.Context(), actor, ask)
	if err != nil {
		return err
	}
	out := dto.EventPage{Events: make([]dto.LoggedEvent, len(page.Records)), Cursor: page.Cursor}
	for i, record := range page.Records {
		e := record.Event
		if actor.MasksRecord(record) {
			e = service.MaskEvent(e)
		}
		out.Events[i] = dto.LoggedEvent{
			ID: record.ID, Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName,
			Time: e.Time, Attrs: e.Attrs, Inferred: record.Inferred(), Reason: e.Reason,
		}
		if e.Kind == events.KindGap {
			out.Events[i].From, out.Events[i].To = &e.From, &e.To
		}
	}
	return respondData(w, out)
}
