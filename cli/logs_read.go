package cli

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"wharf/api/dto"
)

// printMerged prints the lines of several logs in order of time. It reads each log page by page.
func printMerged(ctx context.Context, a *app, s *connection, chosen []target, o *logsOptions, printLine func(dto.LogLine) error) error {
	type head struct {
		line dto.LogLine
		next func() (dto.LogLine, error, bool)
	}
	heads := []head{}
	advance := func(h head) error {
		line, err, ok := h.next()
		if ok && err == nil {
			heads = append(heads, head{line, h.next})
		}
		return err
	}
	for _, t := range chosen {
		next, stop := iter.Pull2(a.linesOf(ctx, s, t, o))
		defer stop()
		if err := advance(head{next: next}); err != nil {
			return err
		}
	}
	for len(heads) > 0 {
		first := slices.MinFunc(heads, func(x, y head) int {
			return cmp.Or(x.line.At.Compare(y.line.At), cmp.Compare(x.line.ID, y.line.ID))
		})
		heads = slices.DeleteFunc(heads, func(h head) bool { return h.line.ID == first.line.ID && h.line.Host == first.line.Host })
		if err := printLine(first.line); err != nil {
			return err
		}
		if err := advance(first); err != nil {
			return err
		}
	}
	return nil
}

// linesOf reads a log, oldest lines first.
func (a *app) linesOf(ctx context.Context, s *connection, t target, o *logsOptions) iter.Seq2[dto.LogLine, error] {
	return func(yield func(dto.LogLine, error) bool) {
		q := o.query
		whole := q.Tail == "all" && !o.searches()
		if whole && q.Since.IsZero() {
			q.Since = time.Unix(1, 0) // read from the beginning, page by page
		}
		for q.Tail != "0" {
			page, err := s.ContainerLogs(ctx, t.host, t.id, q)
			if err != nil {
				yield(dto.LogLine{}, err)
				return
			}
			if o.searches() {
				slices.Reverse(page.Lines)
			}
			if page.Complete != nil && !*page.Complete {
				a.warn("%s: older lines may match too: give --until, or a larger --tail", t.ref)
			}
			for _, g := range page.Gaps {
				a.warnOfGap(g)
			}
			for _, line := range page.Lines {
				if !yield(line, nil) {
					return
				}
			}
			if q.Cursor = page.Next; !whole || len(page.Lines) == 0 || q.Cursor == "" {
				return
			}
		}
	}
}

func (a *app) warnOfGap(g dto.LogGap) {
	a.warn("%s/%s: lines from %s to %s may be missing (%s)", g.Host, g.Name, g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.Reason)
}

// followLogs prints lines as they arrive, until all containers are gone or Ctrl-C.
func (a *app) followLogs(ctx context.Context, s *connection, chosen []target, o *logsOptions, printLine func(dto.LogLine) error) error {
	for _, t := range chosen { // a stream would keep retrying a host that is down
		if _, err := s.GetContainer(ctx, t.host, t.id); err != nil {
			return err
		}
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	items, ends := make(chan any), make(chan error, len(chosen))
	var following sync.WaitGroup
	for _, t := range chosen {
		following.Go(func() { ends <- s.follow(inner, t, o.query, items) })
	}
	defer following.Wait()
	defer cancel()
	last := time.Now()
	for open := len(chosen); open > 0; {
		var err error
		select {
		case item := <-items:
			switch item := item.(type) {
			case dto.LogLine:
				last = item.At
				err = printLine(item)
			case dto.LogGap:
				a.warnOfGap(item)
			}
		case err = <-ends:
			open--
		}
		if ctx.Err() != nil {
			a.warn("interrupted; to go on: the same with --since %s", last.UTC().Format(time.RFC3339Nano))
			return silently(exitInterrupted)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow sends the lines of a container's stream to items until the stream ends.
func (s *connection) follow(ctx context.Context, t target, q dto.LogQuery, items chan<- any) error {
	for frame, err := range s.StreamContainerLogs(ctx, t.host, t.id, q) {
		if err != nil {
			return err
		}
		if end, ok := frame.Data.(dto.LogEnd); ok {
			if end.Error != "" {
				return fmt.Errorf("%s: %s", t.ref, end.Error)
			}
			return nil
		}
		select {
		case items <- frame.Data:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
