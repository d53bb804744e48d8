package api

import (
	"context"
	"errors"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/service"
	"wharf/service/eventlog"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

// logSpeaker sends what isn't a line. Text has none of it.
type logSpeaker struct {
	out *stream.Writer
	enc *lineEncoder
}

// say sends an event. In NDJSON its name is part of the object, which named returns.
func (s *logSpeaker) say(event string, named func(name string) any) error {
	switch s.enc.format {
	case stream.Text:
		return nil
	case stream.NDJSON:
		return s.out.Send(stream.Item{Data: encode(named(event))})
	default:
		return s.out.Send(stream.Item{Event: event, Data: encode(named(""))})
	}
}

func (s *logSpeaker) about(a dto.LogHosts) error {
	return s.say("log-hosts", func(name string) any {
		a.Event = name
		return a
	})
}

func (s *logSpeaker) gap(g dto.LogGap) error {
	return s.say("stream-gap", func(name string) any {
		g.Event = name
		return g
	})
}

func (s *logSpeaker) ended(c *servicelogs.Container, err error) error {
	row := endedLog(c, err)
	return s.say("log-end", func(name string) any {
		row.Event = name
		return row
	})
}

// endedLog says why no more lines of a container come.
func endedLog(c *servicelogs.Container, err error) dto.LogEnd {
	why := reason(err)
	if apperr.KindOf(err) == apperr.NotFound {
		why = "the container was removed"
	}
	return dto.LogEnd{Host: c.Host, ID: c.ID, Name: c.Name, Error: why}
}

func (s *logSpeaker) failures(all []*servicelogs.Container, errs []error) (err error) {
	for i, failed := range errs {
		if failed != nil {
			err = errors.Join(err, s.ended(all[i], failed))
		}
	}
	return err
}

func (s *logSpeaker) progress(p servicelogs.Progress) error {
	row := dto.LogProgress{Bytes: p.Bytes, Lines: p.Lines, Searched: p.Searched, Containers: p.Containers}
	if !p.From.IsZero() {
		row.From = &p.From
	}
	return s.say("progress", func(name string) any {
		row.Event = name
		return row
	})
}

func (s *logSpeaker) searchEnd(r *servicelogs.Result) error {
	row := dto.LogSearchEnd{Complete: r.Complete}
	if !r.Complete {
		row.Cursor = olderPrefix + string(r.Places.Text())
	}
	return s.say("end", func(name string) any {
		row.Event = name
		return row
	})
}

// logSource streams merged lines.
func (s *Server) logSource(l *logRequest) stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		say := &logSpeaker{out: out, enc: l.encoder(out.Format())}
		if err := say.about(l.about); err != nil {
			return err
		}
		sender := &lineSender{logSpeaker: say, places: servicelogs.NewPlaces(l.containers)}
		for i, c := range l.containers {
			if l.after != nil {
				sender.places.Set(i, l.after.Of(c))
			}
		}
		q := servicelogs.StreamQuery{Filter: l.filter, Range: l.streamRange(), Follow: l.query.Follow, Long: l.long()}
		if l.successor {
			q.Successor = s.hosts.SuccessorOf(l.actor)
		}
		if l.query.Events {
			q.Events = s.wovenEvents(l)
		}
		if err := servicelogs.Stream(ctx, l.containers, q, sender.send); err != nil {
			return err
		}
		if out.Format() == stream.SSE && !l.query.Follow {
			return say.say("end", func(string) any { return dto.LogSearchEnd{Complete: true} })
		}
		return nil
	}
}

// lineSender sends a merged stream.
type lineSender struct {
	*logSpeaker
	places *servicelogs.Places
	buf    []byte
}

func (s *lineSender) send(item servicelogs.Item) error {
	switch {
	case item.Lines != nil:
		return s.lines(item.Lines)
	case item.Gap != nil:
		return s.gap(gapOf(*item.Gap))
	case item.Ended != nil:
		if item.Ended.Err == nil && s.enc.format == stream.SSE {
			return nil
		}
		return s.ended(item.Ended.Container, item.Ended.Err)
	case item.Event != nil:
		return s.event(item.Event.(*dto.ContainerEvent))
	}
	return nil
}

// sendBytes is how many encoded bytes are handed over at a time.
const sendBytes = 32 << 10

func (s *lineSender) lines(l *servicelogs.Lines) error {
	n, count := len(l.Batch.Lines), 0
	if l.Only != nil {
		n = len(l.Only)
	}
	s.buf = s.buf[:0]
	for k := range n {
		i := k
		if l.Only != nil {
			i = l.Only[k]
		}
		var id []byte
		if s.enc.format == stream.SSE {
			s.places.Move(l.Index, l.Container, l.Batch.Lines[i].Position)
			id = s.places.Text()
		}
		s.buf = s.enc.append(s.buf, l.Container, l.Batch, i, id)
		if count++; len(s.buf) >= sendBytes {
			if err := s.out.Append(s.buf, count); err != nil {
				return err
			}
			s.buf, count = s.buf[:0], 0
		}
	}
	if count == 0 {
		return nil
	}
	return s.out.Append(s.buf, count)
}

func (s *lineSender) event(e *dto.ContainerEvent) error {
	switch s.enc.format {
	case stream.Text:
		return nil
	case stream.NDJSON:
		return s.out.Send(stream.Item{Data: encode(wovenEvent{"container-event", e})})
	default:
		return s.out.Send(stream.Item{Event: "container-event", Data: encode(e)})
	}
}

// wovenEvent is an event among lines of NDJSON.
type wovenEvent struct {
	Event string `json:"event"`
	*dto.ContainerEvent
}

// wovenEvents yields the containers' events as they come.
func (s *Server) wovenEvents(l *logRequest) func(context.Context, func(time.Time, any) error) error {
	filter := eventlog.Filter{Types: []string{"container"}}
	for _, c := range l.containers {
		filter.Hosts = append(filter.Hosts, c.Host)
		if l.successor {
			filter.Containers = append(filter.Containers, c.Name)
		} else {
			filter.Containers = append(filter.Containers, c.ID)
		}
	}
	return func(ctx context.Context, give func(time.Time, any) error) error {
		wake := make(chan struct{}, 1)
		sub := s.events.Subscribe(l.actor, eventlog.Subscribe{Filter: filter, Wake: func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		}})
		defer sub.Close()
		return l.pumpEvents(ctx, sub, wake, give)
	}
}

func (l *logRequest) pumpEvents(ctx context.Context, sub *eventlog.Subscription, wake <-chan struct{}, give func(time.Time, any) error) error {
	deliveries := make([]eventlog.Delivery, 0, batchSize)
	for {
		page, more, err := sub.Next(ctx, deliveries)
		if err != nil {
			return err
		}
		for i := range page {
			if d := &page[i]; !d.IDOnly && d.Record != nil {
				e := d.Event
				if l.actor.MasksRecord(d.Record) {
					e = service.MaskEvent(e)
				}
				if err := give(e.Time, containerEventOf(&e)); err != nil {
					return err
				}
			}
		}
		if more {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
