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

// maxPast is how many bytes of a log's past may wait for the client.
const maxPast = 256 << 10

// poller streams the whole log of one container. Once it has sent the past it has no goroutine, and shares the encoded lines with
// the other streams of the container.
type poller struct {
	c       *servicelogs.Container
	enc     *lineEncoder
	key     string // of the encoding, in a batch's cache
	reading *servicelogs.Reading
	notify  func()
	ended   chan struct{} // closed when the past is read

	mu     sync.Mutex
	cancel context.CancelFunc // ends the reading of the past; nil: it has ended
	past   *[]byte            // encoded, from pastBuffers; nil: empty
	lines  int                // in past
	room   chan struct{}
	done   bool // the past was read
	err    error
}

// pastBuffers are shared by all pollers: reading the past doesn't take long.
var pastBuffers = sync.Pool{New: func() any { return new([]byte) }}

// itemBuffers are buffers for polls, shared by all pollers: an idle client holds none.
var itemBuffers = sync.Pool{New: func() any {
	items := make([]logs.Item, 0, 64)
	return &items
}}

// Poller opens the stream of one container. It is the open function for the kit's ServePolled.
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
	p.cancel() // also frees its resources: following may last for days
	p.cancel = nil
	p.mu.Unlock()
	p.notify()
}

// add appends to the past. It waits while maxPast bytes wait for the client.
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
			if first { // lets the worker write at once, on this processor, instead of after the next read or another processor's wake-up
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

// live sends the items that came since the last poll.
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

// end sends the reason why no more lines come, in formats that have a place for it.
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
	enc := *p.enc // a copy: the goroutine of the past and the one that polls both encode
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

// appendItem appends an item other than a line. In NDJSON the event's name becomes part of the object.
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
