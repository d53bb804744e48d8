package logs

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/logs"
	servicelogs "wharf/service/logs"
)

// maxPast is how many bytes of the past wait for the client.
const maxPast = 256 << 10

// poller streams one container's whole log. While it follows it has no goroutine, and its bytes are shared with the
// other streams of the container.
type poller struct {
	c       *servicelogs.Container
	enc     *lineEncoder
	key     string // of the encoding, among all
	reading *servicelogs.Reading
	notify  func()
	ended   chan struct{} // closed when the past is read

	mu     sync.Mutex
	cancel context.CancelFunc // ends the reading of the past; nil: it has ended
	past   *[]byte            // encoded, of pastBuffers; nil: nothing
	lines  int                // in past
	room   chan struct{}
	done   bool // the past was read
	err    error
}

// pastBuffers are those of all pollers: a past is soon read.
var pastBuffers = sync.Pool{New: func() any { return new([]byte) }}

// itemBuffers are what pollers need while they are polled, shared by all: a quiet client has none.
var itemBuffers = sync.Pool{New: func() any {
	items := make([]logs.Item, 0, 64)
	return &items
}}

// Poller opens the stream of one container; it is what the stream kit's ServePolled wants.
func (l *Request) Poller(f stream.Format, notify func()) stream.Poller {
	p := &poller{c: l.Containers[0], enc: l.encoder(f), notify: notify, ended: make(chan struct{})}
	p.key = "log " + f.Type()
	if !l.Query.ANSI {
		p.key += " plain"
	}
	if l.Query.Timestamps {
		p.key += " timed"
	}
	q := servicelogs.StreamQuery{Range: l.streamRange(), Follow: true, Long: l.long()}
	p.reading = servicelogs.Open(p.c, &q, notify)
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go p.readPast(ctx, l.About)
	return p
}

func (p *poller) readPast(ctx context.Context, a dto.LogHosts) {
	defer close(p.ended)
	if p.enc.format != stream.Text {
		_ = p.add(ctx, 1, func(dst []byte) []byte { return p.appendItem(dst, "log-hosts", &a.Event, &a) })
	}
	err := p.reading.Past(ctx, func(b *logs.Batch, gap *logs.Gap) error {
		return p.add(ctx, len(b.Lines), func(dst []byte) []byte { return p.appendBatch(p.appendGap(dst, gap), b) })
	})
	p.mu.Lock()
	p.done, p.err = true, err
	p.cancel() // and let go: what follows may last for days
	p.cancel = nil
	p.mu.Unlock()
	p.notify()
}

// add appends to the past, and waits while the client has much of it to take.
func (p *poller) add(ctx context.Context, lines int, write func([]byte) []byte) error {
	for {
		p.mu.Lock()
		first := p.past == nil
		if first {
			p.past = pastBuffers.Get().(*[]byte)
		}
		if len(*p.past) < maxPast {
			*p.past = write(*p.past)
			p.lines += lines
			p.mu.Unlock()
			p.notify()
			if first { // the worker writes on this processor at once, instead of waiting for the next read or another one's waking
				runtime.Gosched()
			}
			return nil
		}
		if p.room == nil {
			p.room = make(chan struct{})
		}
		room := p.room
		p.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Poll implements stream.Poller.
func (p *poller) Poll(_ context.Context, b *stream.Batch) (more bool, err error) {
	p.mu.Lock()
	past, lines, done := p.past, p.lines, p.done
	p.past, p.lines = nil, 0
	if p.room != nil {
		close(p.room)
		p.room = nil
	}
	p.mu.Unlock()
	if past != nil {
		if err := b.Append(*past, lines); err != nil {
			return false, err
		}
		if cap(*past) <= 2*maxPast {
			*past = (*past)[:0]
			pastBuffers.Put(past)
		}
	}
	if !done {
		return false, nil
	}
	if p.err != nil {
		return false, p.end(b, p.err)
	}
	return p.live(b)
}

// live sends what came since the last poll.
func (p *poller) live(b *stream.Batch) (more bool, err error) {
	pooled := itemBuffers.Get().(*[]logs.Item)
	defer itemBuffers.Put(pooled)
	items, err := p.reading.Next((*pooled)[:0])
	defer clear(items)
	for _, item := range items {
		if failed := p.send(b, item); failed != nil {
			return false, failed
		}
	}
	switch {
	case errors.Is(err, logs.ErrTooSlow):
		return false, stream.ErrTooSlow
	case err != nil:
		return false, p.end(b, err)
	}
	return false, nil
}

func (p *poller) send(b *stream.Batch, item logs.Item) error {
	switch {
	case item.Batch != nil:
		return b.Append(item.Batch.Get(p.key, func() []byte { return p.appendBatch(nil, item.Batch) }), len(item.Batch.Lines))
	case item.Gap != nil:
		return b.Append(p.appendGap(nil, item.Gap), 1)
	}
	return nil
}

// end says why no more lines come.
func (p *poller) end(b *stream.Batch, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, context.Canceled) || p.enc.format == stream.Text {
		return io.EOF
	}
	row := endOf(p.c, err)
	if failed := b.Append(p.appendItem(nil, "log-end", &row.Event, &row), 1); failed != nil {
		return failed
	}
	return io.EOF
}

func (p *poller) appendBatch(dst []byte, b *logs.Batch) []byte {
	enc := *p.enc // two goroutines encode: that of the past, and the one that polls
	enc.of, enc.begin, enc.stamp, enc.clean = nil, nil, nil, nil
	places := servicelogs.NewPlaces([]*servicelogs.Container{p.c})
	for i := range b.Lines {
		var id []byte
		if enc.format == stream.SSE {
			places.Set(0, b.Lines[i].Position)
			id = places.Text()
		}
		dst = enc.append(dst, p.c, b, i, id)
	}
	return dst
}

func (p *poller) appendGap(dst []byte, g *logs.Gap) []byte {
	if g == nil || p.enc.format == stream.Text {
		return dst
	}
	row := gapOf(servicelogs.Gap{Container: p.c, Gap: *g})
	return p.appendItem(dst, "stream-gap", &row.Event, &row)
}

// appendItem appends what isn't a line; in NDJSON its name is part of it.
func (p *poller) appendItem(dst []byte, event string, name *string, row any) []byte {
	if p.enc.format == stream.NDJSON {
		*name = event
	}
	return p.enc.format.Append(dst, stream.Item{Event: event, Data: stream.Encode(row)})
}

// Heartbeat implements stream.Poller.
func (p *poller) Heartbeat(dst []byte) []byte { return p.enc.format.AppendHeartbeat(dst) }

// Close implements stream.Poller.
func (p *poller) Close() {
	p.mu.Lock()
	if p.cancel != nil {
		p.cancel()
	}
	p.mu.Unlock()
	<-p.ended
	p.reading.Close()
}
