package events

import (
	"context"
	"io"
	"strconv"
	"sync"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/events"
	"wharf/service"
	"wharf/service/eventlog"
)

const (
	batchSize = 64  // maximum deliveries per poll for a client that keeps up
	pageSize  = 256 // maximum deliveries per poll for a client that catches up
)

// poller is one client's position in the log. It has no goroutine: the log notifies its stream.
type poller struct {
	sub   *eventlog.Subscription
	masks func(*eventlog.Record) bool
	sent  int64 // the last id that the client got
}

// NewPoller returns a poller that streams a subscription to the actor as server-sent events.
func NewPoller(sub *eventlog.Subscription, actor *service.Actor) stream.Poller {
	return &poller{sub: sub, masks: actor.MasksRecord}
}

// deliveries are buffers for polls, shared by all pollers: an idle client holds none.
var deliveries = sync.Pool{New: func() any {
	d := make([]eventlog.Delivery, 0, batchSize)
	return &d
}}

// Poll implements stream.Poller.
func (p *poller) Poll(ctx context.Context, b *stream.Batch) (more bool, err error) {
	if p.sub.Closed() {
		return false, io.EOF
	}
	if p.sub.Behind() {
		var page []eventlog.Delivery
		b.Blocking(func() { page, more, err = p.sub.Next(ctx, make([]eventlog.Delivery, 0, pageSize)) })
		return more, p.add(b, page, err)
	}
	d := deliveries.Get().(*[]eventlog.Delivery)
	defer deliveries.Put(d)
	defer clear((*d)[:batchSize])
	page, more, err := p.sub.Next(ctx, *d)
	return more, p.add(b, page, err)
}

// add sends deliveries. failed is the error of reading them: a subscription fails only because it lags.
func (p *poller) add(b *stream.Batch, page []eventlog.Delivery, failed error) error {
	if failed != nil {
		return stream.ErrTooSlow
	}
	for i := range page {
		if err := b.Append(p.frame(&page[i]), 1); err != nil {
			return err
		}
	}
	return nil
}

func (p *poller) frame(d *eventlog.Delivery) []byte {
	if d.ID != 0 {
		p.sent = d.ID
	}
	switch {
	case d.IDOnly:
		return append(appendID(nil, d.ID), '\n')
	case p.masks(d.Record):
		return d.Frame(true, maskedFrame)
	default:
		return d.Frame(false, frame)
	}
}

// Heartbeat implements stream.Poller. It advances the client's id past events that the client didn't get, so that it doesn't
// request those again.
func (p *poller) Heartbeat(dst []byte) []byte {
	id := p.sub.LastID()
	if id <= p.sent {
		return append(dst, ": \n\n"...)
	}
	p.sent = id
	return append(appendID(append(dst, ": \n"...), id), '\n')
}

// Close implements stream.Poller.
func (p *poller) Close() { p.sub.Close() }

// frame renders a record as a server-sent event, unmasked.
func frame(r *eventlog.Record) []byte { return frameOf(r.ID, &r.Event) }

// maskedFrame is frame for actors that see *** in place of possible secrets.
func maskedFrame(r *eventlog.Record) []byte {
	masked := service.MaskEvent(r.Event)
	return frameOf(r.ID, &masked)
}

func frameOf(id int64, e *events.Event) []byte {
	var name string
	var data any
	switch e.Kind {
	case events.KindGap:
		name, data = "stream-gap", dto.StreamGap{Host: e.Host, From: e.From, To: e.To, Reason: e.Reason}
	case events.KindHost:
		name, data = "host-event", dto.HostEvent{Host: e.Host, Action: e.Action, Timestamp: e.Time.Unix(), Reason: e.Reason}
	default:
		name, data = "container-event", rowOf(e)
	}
	body := stream.Encode(data)
	b := make([]byte, 0, len(body)+64)
	if id != 0 {
		b = appendID(b, id) // in one frame with the event: a client that is cut off before its end will request it again
	}
	b = append(append(append(b, "event: "...), name...), "\ndata: "...)
	return append(append(b, body...), "\n\n"...)
}

// appendID appends an id line. Followed by an empty line, it is a frame that only sets the client's Last-Event-ID.
func appendID(b []byte, id int64) []byte {
	return append(strconv.AppendInt(append(b, "id: "...), id, 10), '\n')
}
