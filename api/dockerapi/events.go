package dockerapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"wharf/api/stream"
	"wharf/dockerx/events"
	"wharf/service"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

// eventFilters are the names of the filters of events.
var eventFilters = []string{
	"config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret", "service", "type", "volume",
}

// eventRequest is a request for events.
type eventRequest struct {
	filters
	api          *API
	host         string
	actor        service.Actor
	since, until time.Time
}

// events answers GET /events. Past events come from wharf's log, which reaches back further than an engine's memory.
func (a *API) events(w http.ResponseWriter, r *http.Request, c *Call) error {
	q := queryOf(r)
	f, err := parseFilters(q.text("filters"), eventFilters...)
	if err != nil {
		return err
	}
	e := &eventRequest{filters: f, api: a, host: c.Host, actor: c.actor, since: q.time("since"), until: q.time("until")}
	switch {
	case q.err != nil:
		return q.err
	case !e.until.IsZero() && e.until.Before(e.since):
		return apperr.New(apperr.Invalid, "`since` time (%s) cannot be after `until` time (%s)", q.text("since"), q.text("until"))
	}
	return a.Streams.ServeOpened(w, r, a.Stream(c.actor, stream.JSONStream), e.open)
}

// open subscribes to the host's events, and returns the source that sends them.
func (e *eventRequest) open() stream.Source {
	wake := make(chan struct{}, 1)
	sub := e.api.Events.Subscribe(e.actor, eventlog.Subscribe{
		Filter: eventlog.Filter{Hosts: []string{e.host}, Types: e.filters["type"]}, Wake: func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		},
	})
	return func(ctx context.Context, out *stream.Writer) error {
		defer sub.Close()
		seen, err := e.sendPast(ctx, out)
		if err != nil {
			return err
		}
		if !e.until.IsZero() {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, e.until.Add(untilSlack))
			defer cancel()
		}
		return e.follow(ctx, out, sub, wake, seen)
	}
}

// untilSlack is the allowance for events that arrive late from an engine, and for the difference between its clock and wharf's.
const untilSlack = 250 * time.Millisecond

// overlap is the part of the past that the subscription may deliver again, since it was opened before the past was read.
const overlap = time.Minute

// sendPast sends the events since e.since, and returns the ids of those within overlap.
func (e *eventRequest) sendPast(ctx context.Context, out *stream.Writer) (seen map[int64]bool, err error) {
	if e.since.IsZero() {
		return nil, nil
	}
	done, err := e.api.Past(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	seen = map[int64]bool{}
	recent := time.Now().Add(-overlap)
	q := eventlog.Query{
		Filter: eventlog.Filter{Hosts: []string{e.host}, Types: e.filters["type"]}, Since: e.since, Until: e.until, Ascending: true, Limit: 256,
	}
	for {
		page, err := e.api.Events.Query(ctx, e.actor, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			if r.Time.After(recent) {
				seen[r.ID] = true
			}
			if err := e.give(out, r); err != nil {
				return nil, err
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return seen, nil
		}
	}
}

// follow sends events as they happen, until e.until if it is set.
func (e *eventRequest) follow(ctx context.Context, out *stream.Writer, sub *eventlog.Subscription, wake <-chan struct{}, seen map[int64]bool) error {
	page := make([]eventlog.Delivery, 0, 64)
	for {
		deliveries, more, err := sub.Next(ctx, page)
		if errors.Is(err, eventlog.ErrLagged) {
			return stream.ErrTooSlow
		}
		for _, d := range deliveries {
			if d.IDOnly || d.Record == nil || seen[d.ID] && d.ID != 0 || !e.until.IsZero() && d.Time.After(e.until) {
				continue
			}
			if err := e.give(out, d.Record); err != nil {
				return err
			}
		}
		clear(deliveries)
		switch {
		case err != nil:
			return err
		case more:
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// give sends an event as the actor sees it, if the filters select that masked form.
func (e *eventRequest) give(out *stream.Writer, r *eventlog.Record) error {
	if r.Kind != events.KindDocker {
		return nil
	}
	shown := r.Event
	if e.actor.MasksRecord(r) {
		shown = service.MaskEvent(shown)
	}
	if !e.selects(&shown) {
		return nil
	}
	return out.Send(stream.Item{Data: encode(messageOf(&shown))})
}

// message is an event in Docker's shape. Status, ID and From are for clients older than API 1.22.
type message struct {
	Status string `json:"status,omitempty"`
	ID     string `json:"id,omitempty"`
	From   string `json:"from,omitempty"`
	Type   string
	Action string
	Actor  struct {
		ID         string
		Attributes map[string]string
	}
	Scope    string `json:"scope,omitempty"`
	Time     int64  `json:"time"`
	TimeNano int64  `json:"timeNano"`
}

func messageOf(e *events.Event) message {
	m := message{Type: e.Type, Action: e.Action, Scope: "local", Time: e.Time.Unix(), TimeNano: e.Time.UnixNano()}
	m.Actor.ID, m.Actor.Attributes = e.ActorID, e.Attrs
	if e.Type == "container" || e.Type == "image" {
		m.Status, m.ID = e.Action, e.ActorID
	}
	if e.Type == "container" {
		m.From = e.Attrs["image"]
	}
	return m
}

func (e *eventRequest) selects(v *events.Event) bool {
	action, _, _ := strings.Cut(v.Action, ":")
	about := func(kind string) bool { // by prefix of the id or name, as Docker does
		return e.matches(kind, func(want string) bool {
			return v.Type == kind && (strings.HasPrefix(v.ActorID, want) || strings.HasPrefix(v.ActorName, want))
		})
	}
	return e.exactly("type", v.Type) && e.exactly("event", v.Action, action) && e.exactly("scope", "local") && e.labelled(v.Attrs) &&
		e.matches("image", func(want string) bool { return isImageEvent(v, want) }) &&
		!slices.ContainsFunc([]string{"container", "network", "volume", "daemon", "plugin", "node", "service", "secret", "config"},
			func(kind string) bool { return !about(kind) })
}

// isImageEvent reports whether an event concerns an image or one of its containers. want may omit the tag.
func isImageEvent(v *events.Event, want string) bool {
	names := []string{v.ActorID, v.Attrs["name"]}
	switch v.Type {
	case "container":
		names = []string{v.Attrs["image"]}
	case "image":
	default:
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		repository := name
		if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
			repository = name[:i]
		}
		return name == want || repository == want
	})
}
