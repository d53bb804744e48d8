package dockerapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"wharf/api/stream"
	enginelogs "wharf/dockerx/logs"
	"wharf/service/logs"
	"wharf/util/apperr"
)

// logRequest is a request for a container's log.
type logRequest struct {
	container      *logs.Container
	tty            bool
	follow         bool
	stdout, stderr bool
	timestamps     bool
	tail           int // negative: all
	since, until   time.Time
}

// logs answers GET /containers/{id}/logs with the lines in Docker's frames, or without frames if the container has a terminal.
// Lines are sent whole and as UTF-8: a prompt without a line end isn't sent until its line ends.
func (a *API) logs(w http.ResponseWriter, r *http.Request, c *Call) error {
	l, err := readLogRequest(r)
	if err != nil {
		return err
	}
	ref, err := c.ref()
	if err != nil {
		return err
	}
	if l.container, l.tty, err = a.Hosts.DockerLog(r.Context(), c.actor, c.Host, ref); err != nil {
		return err
	}
	format := stream.Frames
	if l.tty {
		format = stream.Raw
	}
	c.describe(w.Header())
	return a.Streams.Serve(w, r, a.Stream(c.actor, format), l.send)
}

func readLogRequest(r *http.Request) (*logRequest, error) {
	q := queryOf(r)
	l := &logRequest{
		follow: q.on("follow"), stdout: q.on("stdout"), stderr: q.on("stderr"), timestamps: q.on("timestamps"),
		tail: -1, since: q.time("since"), until: q.time("until"),
	}
	if n, err := strconv.Atoi(q.text("tail")); err == nil { // Docker treats every other value as "all"
		l.tail = max(n, -1)
	}
	if !l.stdout && !l.stderr {
		return nil, apperr.New(apperr.Invalid, "Bad parameters: you must choose at least one stream")
	}
	return l, q.err
}

// longTail is the number of past lines from which a reading is a long one. A host allows few long readings at once.
const longTail = 20_000

// send implements stream.Source.
func (l *logRequest) send(ctx context.Context, out *stream.Writer) error {
	if l.follow && !l.until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, l.until)
		defer cancel()
	}
	wake := make(chan struct{}, 1)
	reading := logs.Open(l.container, l.query(), func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer reading.Close()
	enc := &logEncoder{logRequest: l, out: out}
	if err := l.sendPast(ctx, reading, enc); err != nil || !l.follow {
		return l.ended(ctx, err)
	}
	running, err := l.container.Source.Running(ctx)
	if err != nil {
		return l.ended(ctx, err)
	}
	var items []enginelogs.Item
	for {
		items, err = reading.Next(items[:0])
		over := !running && len(items) == 0
		for _, item := range items {
			if item.Batch == nil {
				over = over || item.Gap == nil && item.State == enginelogs.Stopped
			} else if sent := enc.send(item.Batch); sent != nil {
				return sent
			}
		}
		if err != nil || over {
			return l.ended(ctx, err)
		}
		if len(items) > 0 {
			clear(items)
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return l.ended(ctx, ctx.Err())
		}
	}
}

func (l *logRequest) query() *logs.StreamQuery {
	q := &logs.StreamQuery{Follow: l.follow}
	q.Range.Until = l.until
	switch {
	case !l.since.IsZero():
		q.Range.Since = l.since
	case l.tail < 0:
		q.Range.All = true
	default:
		q.Range.Tail = l.tail
	}
	q.Long = q.Range.All || l.tail > longTail || !l.since.IsZero() && !l.follow
	return q
}

// sendPast sends the past lines. With both since and tail it sends only the last lines of those since then.
func (l *logRequest) sendPast(ctx context.Context, reading *logs.Reading, enc *logEncoder) error {
	if l.since.IsZero() || l.tail < 0 {
		return reading.Past(ctx, func(b *enginelogs.Batch, _ *enginelogs.Gap) error { return enc.send(b) })
	}
	if l.tail > longTail {
		return apperr.New(apperr.Invalid, "tail: with since at most %d lines", longTail)
	}
	latest := enginelogs.NewLatest(l.tail)
	err := reading.Past(ctx, func(b *enginelogs.Batch, _ *enginelogs.Gap) error {
		for i := range b.Lines {
			latest.Add(b, i)
		}
		return nil
	})
	if err != nil || l.tail == 0 {
		return err
	}
	return enc.send(latest.Batch())
}

// ended returns a stream's result after err. Only a failure of the engine is an error; otherwise the stream ends in order.
func (l *logRequest) ended(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, enginelogs.ErrTooSlow):
		return stream.ErrTooSlow
	case errors.Is(err, io.EOF), apperr.KindOf(err) == apperr.NotFound, ctx.Err() != nil:
		return nil //nolint:nilerr // the stream ends as it should
	}
	return err
}

// logEncoder encodes lines as Docker does.
type logEncoder struct {
	*logRequest
	out *stream.Writer
	buf []byte
}

// sendBytes is how many encoded bytes are passed on at a time.
const sendBytes = 32 << 10

// dockerTime is Docker's layout of a line's time.
const dockerTime = "2006-01-02T15:04:05.000000000Z07:00"

func (e *logEncoder) send(b *enginelogs.Batch) error {
	count := 0
	e.buf = e.buf[:0]
	for i := range b.Lines {
		stderr := b.Lines[i].Stream == enginelogs.Stderr
		if stderr && !e.stderr || !stderr && !e.stdout {
			continue
		}
		e.line(b, i, stderr)
		if count++; len(e.buf) >= sendBytes {
			if err := e.out.Append(e.buf, count); err != nil {
				return err
			}
			e.buf, count = e.buf[:0], 0
		}
	}
	if count == 0 {
		return nil
	}
	return e.out.Append(e.buf, count)
}

func (e *logEncoder) line(b *enginelogs.Batch, i int, stderr bool) {
	text, end := b.Text(i), "\n"
	var stamp []byte
	if e.timestamps {
		stamp = append(b.Lines[i].Time().AppendFormat(nil, dockerTime), ' ')
	}
	if e.tty {
		end = "\r\n"
	} else {
		e.buf = stream.AppendFrameHead(e.buf, stderr, len(stamp)+len(text)+len(end))
	}
	e.buf = append(append(append(e.buf, stamp...), text...), end...)
}
