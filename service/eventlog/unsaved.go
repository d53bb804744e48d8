package eventlog

import (
	"context"
	"time"

	"wharf/dockerx/events"
)

// startPatience multiplies the patience until begin has read the log: before that, a pending record may already be stored.
const startPatience = 10

// runUnsaved publishes records without an id if they haven't been stored within Options.Patience, so that streams continue
// while the database doesn't answer.
func (l *Log) runUnsaved(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.arrived:
		}
		for waiting := true; waiting; { // check periodically while anything is pending
			select {
			case <-ctx.Done():
				return
			case <-time.After(l.opts.Patience / 10):
			}
			patience := l.opts.Patience
			if !l.hub.isReady() {
				patience *= startPatience
			}
			l.mu.Lock()
			l.publishUnsaved(time.Now().Add(-patience))
			waiting = len(l.pending) > 0
			l.mu.Unlock()
		}
	}
}

// publishUnsaved publishes the records that have been pending since before a time. mu is held.
func (l *Log) publishUnsaved(before time.Time) {
	for _, p := range l.pending {
		if p.since.After(before) {
			return
		}
		if _, twice := l.publishedUnsaved[p.key]; twice || p.unsavedSeq != 0 || p.rec.Kind == events.KindState || l.recent.Has(p.key) {
			continue
		}
		l.publishOne(p)
	}
}

// publishOne publishes a record without an id. mu is held.
func (l *Log) publishOne(p *pending) {
	e := &entry{rec: p.rec, unsaved: true}
	l.hub.publish(e)
	p.unsavedSeq = e.seq + 1
	l.publishedUnsaved[p.key] = p.unsavedSeq
}
