package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wharf/api/stream"
	"wharf/dockerx"
	"wharf/service"
	"wharf/service/eventlog"
)

// eventTypes are the types that daemons know; host and gap are wharf's.
var eventTypes = []string{
	"builder", "config", "container", "daemon", "gap", "host", "image", "network", "node", "plugin", "pod", "secret",
	"service", "system", "volume",
}

// streamEvents answers GET /events: the contract's stream, which knows what a client missed.
func (s *Server) streamEvents(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	q.text("ticket") // was read with the credentials
	sub := eventlog.Subscribe{Filter: s.eventFilter(q, actor)}
	sub.After, sub.Resume = lastEventID(q, r)
	if err := q.err(); err != nil {
		return err
	}
	return s.streams.ServePolled(w, r, s.streamOptions(actor), func(_ stream.Format, notify func()) stream.Poller {
		sub.Wake = notify
		return &eventSource{sub: s.events.Subscribe(actor, sub), masks: actor.MasksRecord}
	})
}

// eventFilter reads what narrows a stream or a query.
func (s *Server) eventFilter(q *query, actor service.Actor) eventlog.Filter {
	f := eventlog.Filter{
		Hosts: q.list("host"), Types: q.list("type"), Actions: q.list("action"), Containers: q.list("container"),
	}
	for _, name := range f.Hosts {
		if !slices.ContainsFunc(s.hosts.List(actor), func(h service.HostInfo) bool { return h.Name == name }) {
			q.bad("host: unknown host " + strconv.Quote(name))
		}
	}
	for _, name := range f.Types {
		if !slices.Contains(eventTypes, name) {
			q.bad("type: expected one of " + strings.Join(eventTypes, ", "))
		}
	}
	for i, name := range f.Containers {
		ref, err := dockerx.ParseRef(name)
		if err != nil {
			q.bad("container: " + err.Error())
			continue
		}
		f.Containers[i] = ref.String()
	}
	return f
}

// lastEventID reads where the client left off: from the header that browsers send when they
// reconnect, or from the parameter, for those who can't set it.
func lastEventID(q *query, r *http.Request) (int64, bool) {
	text := q.text("last_event_id")
	if sent := r.Header.Get("Last-Event-ID"); sent != "" {
		text = sent
	}
	if text == "" {
		return 0, false
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		q.bad("last_event_id: expected an id that this server gave")
	}
	return id, true
}

// loggedEvent is one record of the history. From, to and reason are a gap's.
type loggedEvent struct {
	ID        int64             `json:"id"`
	Host      string            `json:"host"`
	Type      string            `json:"type"`
	Action    string            `json:"action"`
	ActorID   string            `json:"actor_id"`
	ActorName string            `json:"actor_name"`
	Time      time.Time         `json:"time"`
	Attrs     map[string]string `json:"attrs"`
	Inferred  bool              `json:"inferred"`
	From      *time.Time        `json:"from,omitempty"`
	To        *time.Time        `json:"to,omitempty"`
	Reason    string            `json:"reason,omitempty"`
}

type eventPage struct {
	Events []loggedEvent `json:"events"`
	Cursor string        `json:"cursor"` // of the next page; empty on the last
}

// queryEvents answers GET /v1/events: what the log holds.
func (s *Server) queryEvents(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	q := queryOf(r)
	ask := eventlog.Query{
		Filter: s.eventFilter(q, actor), Since: q.moment("since"), Until: q.moment("until"),
		Ascending: q.choice("order", "desc", "asc") == "asc", Limit: q.number("limit", 100, 1, 1000), Cursor: q.text("cursor"),
	}
	ask.Unexpected = q.flag("unexpected")
	if err := q.err(); err != nil {
		return err
	}
	page, err := s.events.Query(r.Context(), actor, ask)
	if err != nil {
		return err
	}
	out := eventPage{Events: make([]loggedEvent, len(page.Records)), Cursor: page.Cursor}
	for i, record := range page.Records {
		e := record.Event
		if actor.MasksRecord(record) {
			e = service.MaskEvent(e)
		}
		out.Events[i] = loggedEvent{
			ID: record.ID, Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName,
			Time: e.Time, Attrs: e.Attrs, Inferred: record.Inferred(), Reason: e.Reason,
		}
		if e.Kind == dockerx.KindGap {
			out.Events[i].From, out.Events[i].To = &e.From, &e.To
		}
	}
	return respondData(w, out)
}
