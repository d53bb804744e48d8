package logs

import (
	"context"
	"errors"

	"wharf/api/dto"
	"wharf/api/stream"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

// eventWriter sends items other than lines. In the format Text it sends none.
type eventWriter struct {
	out *stream.Writer
	enc *lineEncoder
}

// write sends an event. In NDJSON the event's name is part of the object: named returns the object with that name.
func (s *eventWriter) write(event string, named func(name string) any) error {
	switch s.enc.format {
	case stream.Text:
		return nil
	case stream.NDJSON:
		return s.out.Send(stream.Item{Data: stream.Encode(named(event))})
	default:
		return s.out.Send(stream.Item{Event: event, Data: stream.Encode(named(""))})
	}
}

func (s *eventWriter) about(a dto.LogHosts) error {
	return s.write("log-hosts", func(name string) any {
		a.Event = name
		return a
	})
}

func (s *eventWriter) gap(g dto.LogGap) error {
	return s.write("stream-gap", func(name string) any {
		g.Event = name
		return g
	})
}

func (s *eventWriter) ended(c *servicelogs.Container, err error) error {
	row := endOf(c, err)
	return s.write("log-end", func(name string) any {
		row.Event = name
		return row
	})
}

// endOf returns the item that reports why no more lines of a container come.
func endOf(c *servicelogs.Container, err error) dto.LogEnd {
	why := apperr.Reason(err)
	if apperr.KindOf(err) == apperr.NotFound {
		why = "the container was removed"
	}
	return dto.LogEnd{Host: c.Host, ID: c.ID, Name: c.Name, Error: why}
}

func (s *eventWriter) failures(all []*servicelogs.Container, errs []error) (err error) {
	for i, failed := range errs {
		if failed != nil {
			err = errors.Join(err, s.ended(all[i], failed))
		}
	}
	return err
}

func (s *eventWriter) progress(p servicelogs.Progress) error {
	row := dto.LogProgress{Bytes: p.Bytes, Lines: p.Lines, Searched: p.Searched, Containers: p.Containers}
	if !p.From.IsZero() {
		row.From = &p.From
	}
	return s.write("progress", func(name string) any {
		row.Event = name
		return row
	})
}

func (s *eventWriter) searchEnd(r *servicelogs.Result) error {
	row := dto.LogSearchEnd{Complete: r.Complete}
	if !r.Complete {
		row.Cursor = OlderPrefix + string(r.Places.Text())
	}
	return s.write("end", func(name string) any {
		row.Event = name
		return row
	})
}

// Source returns a source that streams the merged lines of all containers.
func (l *Request) Source() stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		events := &eventWriter{out: out, enc: l.encoder(out.Format())}
		if err := events.about(l.About); err != nil {
			return err
		}
		sender := &lineSender{eventWriter: events, places: servicelogs.NewPlaces(l.Containers)}
		for i, c := range l.Containers {
			if l.after != nil {
				sender.places.Set(i, l.after.Of(c))
			}
		}
		q := servicelogs.StreamQuery{Filter: l.filter, Range: l.streamRange(), Follow: l.Query.Follow, Long: l.long(), Successor: l.Successor, Events: l.Events}
		if err := servicelogs.Stream(ctx, l.Containers, q, sender.send); err != nil {
			return err
		}
		if out.Format() == stream.SSE && !l.Query.Follow {
			return events.write("end", func(string) any { return dto.LogSearchEnd{Complete: true} })
		}
		return nil
	}
}

// SearchSource returns a source that streams hits as they are found, and the progress of the search.
func (l *Request) SearchSource() stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		ctx, cancel := l.searchContext(ctx)
		defer cancel()
		events := &eventWriter{out: out, enc: l.encoder(out.Format())}
		if err := events.about(l.About); err != nil {
			return err
		}
		var buf []byte
		result, err := servicelogs.Search(ctx, l.Containers, l.searchQuery(), func(h servicelogs.Hit) error {
			buf = events.enc.hit(buf[:0], h)
			return out.Append(buf, 1)
		}, events.progress)
		if err != nil {
			return err
		}
		return errors.Join(events.failures(l.Containers, result.Errors), events.progress(result.Progress), events.searchEnd(result))
	}
}

// lineSender sends the items of a merged stream.
type lineSender struct {
	*eventWriter
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

// sendBytes is how many encoded bytes are passed on at a time.
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
		return s.out.Send(stream.Item{Data: stream.Encode(wovenEvent{"container-event", e})})
	default:
		return s.out.Send(stream.Item{Event: "container-event", Data: stream.Encode(e)})
	}
}

// wovenEvent is a container's event among the lines, in NDJSON.
type wovenEvent struct {
	Event string `json:"event"`
	*dto.ContainerEvent
}
