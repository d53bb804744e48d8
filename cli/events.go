package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
	"wharf/client"
)

// eventsOptions are the flags of events.
type eventsOptions struct {
	filter       dto.EventFilter
	since, until timeFlag
	unexpected   bool
	follow       bool
	after        string
}

func (a *app) eventsCommand() *cobra.Command {
	var o eventsOptions
	c := &cobra.Command{
		Use: "events", Short: "Show or follow the events of all hosts",
		Long: "Shows the events of the last hour or since --since, including those of removed containers. With -f it also prints new\n" +
			"events until Ctrl-C, and then prints how to resume after the last one. A gap marks a time span in which events may be missing.",
		Example: lines("wharf events --since 2d --action die", "wharf events -f", "wharf events -f --after 4711",
			"wharf events --since 1d --unexpected -o ndjson"),
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.follow && (o.until.text != "" || o.unexpected) {
				return usage(c, "--until and --unexpected don't go with -f")
			}
			if o.after != "" && (!o.follow || o.since.text != "") {
				return usage(c, "--after goes with -f, and not with --since")
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			return a.events(c.Context(), server, &o)
		},
	}
	flags := c.Flags()
	flags.BoolVarP(&o.follow, "follow", "f", false, "follow new events")
	flags.Var(&o.since, "since", "from this `TIME` on: "+timeHelp)
	flags.Var(&o.until, "until", "up to this `TIME`")
	flags.StringVar(&o.after, "after", "", "with -f: resume after the event with this `ID`")
	flags.BoolVar(&o.unexpected, "unexpected", false, "only ends of containers that no caller of wharf requested")
	flags.StringArrayVar(&o.filter.Type, "type", nil, "only of this `TYPE`: container, image, network, volume, host, gap, …; may be repeated, any may match")
	flags.StringArrayVar(&o.filter.Action, "action", nil, "only this `ACTION`: start, die, oom, …; may be repeated, any may match")
	flags.StringArrayVar(&o.filter.Container, "container", nil, "only of this `CONTAINER`, an id or name; may be repeated, any may match")
	a.outputFlag(c, "table")
	a.hostFlag(c, &o.filter.Host)
	a.complete(c, "type", fixed("container", "image", "network", "volume", "daemon", "host", "gap"))
	return c
}

// events prints the history, then follows the stream. It first asks for the newest id, so that the stream begins right after
// the history.
func (a *app) events(ctx context.Context, s *connection, o *eventsOptions) error {
	printEvent, err := a.eventPrinter()
	if err != nil {
		return err
	}
	if !o.follow && o.since.text == "" {
		o.since.at = time.Now().Add(-time.Hour)
	}
	last := o.after
	if o.follow && last == "" {
		page, err := s.QueryEvents(ctx, dto.EventQuery{Order: "desc", Limit: 1})
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			last = strconv.FormatInt(e.ID, 10)
		}
	}
	if o.after == "" && (!o.follow || o.since.text != "") {
		if err := s.pastEvents(ctx, o, last, printEvent); err != nil {
			return err
		}
	}
	if !o.follow {
		return nil
	}
	return a.followEvents(ctx, s, o, last, printEvent)
}

// pastEvents prints the history, oldest first. When the stream follows, it stops after the event with the id last.
func (s *connection) pastEvents(ctx context.Context, o *eventsOptions, last string, printEvent func(dto.LoggedEvent) error) error {
	newest, _ := strconv.ParseInt(last, 10, 64)
	q := dto.EventQuery{EventFilter: o.filter, Since: o.since.at, Until: o.until.at, Unexpected: o.unexpected, Order: "asc", Limit: 1000}
	for {
		page, err := s.QueryEvents(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page.Events {
			if o.follow && e.ID > newest {
				continue // the stream sends it
			}
			if err := printEvent(e); err != nil {
				return err
			}
		}
		if q.Cursor = page.Cursor; q.Cursor == "" {
			return nil
		}
	}
}

func (a *app) followEvents(ctx context.Context, s *connection, o *eventsOptions, last string, printEvent func(dto.LoggedEvent) error) error {
	for frame, err := range s.StreamEvents(ctx, dto.StreamQuery{EventFilter: o.filter, LastEventID: last}) {
		if ctx.Err() != nil {
			if last != "" {
				a.warn("interrupted; to go on: wharf events -f --after %s", last)
			}
			return silently(exitInterrupted)
		}
		if err != nil {
			return err
		}
		if frame.ID != "" {
			last = frame.ID
		}
		if e, ok := eventOf(frame); ok {
			if err := printEvent(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// eventOf converts a frame of the stream to an event of the history.
func eventOf(f client.Frame) (dto.LoggedEvent, bool) {
	id, _ := strconv.ParseInt(f.ID, 10, 64)
	switch e := f.Data.(type) {
	case dto.ContainerEvent:
		return dto.LoggedEvent{
			ID: id, Host: e.Host, Type: e.Type, Action: e.Action, ActorID: e.ActorID, ActorName: e.ActorName,
			Time: time.Unix(e.Timestamp, 0), Attrs: e.Attrs,
		}, true
	case dto.HostEvent:
		return dto.LoggedEvent{ID: id, Host: e.Host, Type: "host", Action: e.Action, Time: time.Unix(e.Timestamp, 0), Reason: e.Reason}, true
	case dto.StreamGap:
		return dto.LoggedEvent{ID: id, Host: e.Host, Type: "gap", Action: "gap", Time: e.To, From: &e.From, To: &e.To, Reason: e.Reason}, true
	}
	return dto.LoggedEvent{}, false
}

// eventPrinter returns a function that prints an event in the format of -o: by default a line like docker's, plus the host.
func (a *app) eventPrinter() (func(dto.LoggedEvent) error, error) {
	if a.output != "table" {
		return eachRow[dto.LoggedEvent](a)
	}
	return func(e dto.LoggedEvent) error {
		return a.say("%s %s %s %s %s", e.Time.Local().Format("2006-01-02T15:04:05.000Z07:00"), e.Host, e.Type, e.Action, detailsOf(e))
	}, nil
}

func detailsOf(e dto.LoggedEvent) string {
	parts := []string{}
	for _, key := range slices.Sorted(maps.Keys(e.Attrs)) {
		parts = append(parts, key+"="+e.Attrs[key])
	}
	if e.From != nil && e.To != nil {
		parts = append(parts, "from="+e.From.Format(time.RFC3339), "to="+e.To.Format(time.RFC3339))
	}
	if e.Reason != "" {
		parts = append(parts, "reason="+e.Reason)
	}
	if e.Inferred {
		parts = append(parts, "inferred")
	}
	return strings.TrimSpace(fmt.Sprintf("%s (%s)", e.ActorID, strings.Join(parts, ", ")))
}
