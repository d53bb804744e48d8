package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

const (
	maxBatch  = 512
	maxFound  = 2000                  // states of containers in a batch, and in a statement
	batchMost = 4 << 20               // bytes; the memory holds several copies of a statement
	firstWait = 50 * time.Millisecond // after the first failed write
	maxWait   = time.Second
	// lastWrite bounds the last attempt to store pending records when the process ends.
	lastWrite = time.Second
	pageSize  = 500
)

// write is the process's only writer. It stores a batch of pending records in one transaction, while new records gather for
// the next batch. It also reads the records of other replicas, so that one goroutine publishes all records, in the order of
// their ids.
func (l *Log) write(ctx context.Context) {
	var poll <-chan time.Time // nil on SQLite: there this writer is the only one
	if l.db.Kind() == db.Postgres && l.opts.Poll > 0 {
		tick := time.NewTicker(l.opts.Poll)
		defer tick.Stop()
		poll = tick.C
	}
	l.tailUnread = true
	wait := time.Duration(0)
	for {
		err := l.flush(ctx)
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			wait = 0
		} else {
			if wait == 0 {
				l.log.Error().Err(err).Msg("cannot store events")
			}
			wait = min(max(2*wait, firstWait), maxWait)
		}
		l.idle(ctx, poll, wait)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	if err := l.flush(last); err != nil {
		l.log.Error().Err(err).Int("events", l.Pending()).Msg("events not stored at shutdown")
	}
}

// idle waits for the next work, or after a failure for the duration wait.
func (l *Log) idle(ctx context.Context, poll <-chan time.Time, wait time.Duration) {
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		return
	}
	select {
	case <-l.wake:
	case <-poll:
		l.tailUnread = true
	case <-ctx.Done():
	}
}

// flush stores and publishes all pending records, and reads and publishes those that other replicas have stored.
func (l *Log) flush(ctx context.Context) error {
	if !l.hub.isReady() {
		if err := l.begin(ctx); err != nil {
			return err
		}
	}
	for {
		l.fillGaps()
		batch := l.batch()
		if len(batch) == 0 {
			break
		}
		if err := l.append(ctx, batch); err != nil {
			return err
		}
	}
	if err := l.saveHosts(ctx); err != nil {
		return err
	}
	upTo := l.storedUpTo.Load()
	if !l.tailUnread && upTo <= max(l.hub.lastID(), l.readTo) {
		return nil
	}
	if err := l.readTail(ctx, math.MaxInt64); err != nil {
		return err
	}
	l.tailUnread, l.readTo = false, upTo // upTo may be above the last row's id: duplicates have ids but no rows
	return nil
}

func (l *Log) batch() []*pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, host := range l.fresh {
		l.checkpoints.forget(host)
	}
	l.fresh = l.fresh[:0]
	n, bytes, found := 0, 0, 0
	epochs := make(map[string]int64)
	for _, p := range l.pending[:min(len(l.pending), l.batchSize)] {
		if epoch, there := epochs[p.rec.Host]; there && epoch != p.epoch {
			break
		}
		epochs[p.rec.Host] = p.epoch
		bytes, found = bytes+p.size, found+len(p.rec.Found)
		if n > 0 && (bytes > batchMost || found > maxFound) {
			break
		}
		n++
	}
	return l.pending[:n]
}

// fillGaps queues gap records for dropped records, once there is room.
func (l *Log) fillGaps() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > l.opts.Pending/2 || l.pendingBytes > l.opts.Bytes/2 {
		return
	}
	for host, d := range l.dropped {
		gap := newPending(events.Event{
			Host: host, Kind: events.KindGap, Type: "gap", Action: "gap", ActorID: host, ActorName: host,
			Time: d.to, From: d.from, To: d.to, Reason: GapOverflow, Attrs: map[string]string{},
		})
		gap.epoch = d.epoch
		l.add(gap)
		delete(l.dropped, host)
	}
}

// append commits a batch, then publishes it. It first reads and publishes records of other replicas with lower ids.
func (l *Log) append(ctx context.Context, batch []*pending) error {
	if err := l.attribute(ctx, batch); err != nil {
		return err
	}
	first, stored, err := l.store(ctx, batch)
	if errors.Is(err, errNotHeld) {
		return l.refuse(ctx)
	}
	if err != nil {
		l.tailUnread = true                 // the commit may nevertheless have taken effect
		l.batchSize = max(l.batchSize/4, 1) // a slow database may store fewer within the timeout
		return err
	}
	l.batchSize = min(2*l.batchSize, maxBatch)
	if l.hub.lastID() < first-1 || l.tailUnread {
		if err := l.readTail(ctx, first-1); err != nil {
			l.log.Error().Err(err).Msg("cannot read records of other replicas")
			l.tailUnread = true // a later reading of the tail publishes the batch's ids
			l.doneUnsaved(batch, stored)
			return nil
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := make([]*entry, 0, len(batch))
	now := time.Now()
	for i, p := range batch {
		l.lag.Observe(now.Sub(p.since))
		if !stored[i] {
			delete(l.publishedUnsaved, p.key)
			continue
		}
		l.recent.Add(p.key)
		entries = append(entries, l.entryOf(p, first+int64(i)))
	}
	l.remove(len(batch))
	l.hub.publish(entries...)
	return nil
}

// attribute adds attributes to the records of a batch. Subscribers share those that were published without an id, so these are
// copied: their rows have the attributes, and what was delivered hasn't.
func (l *Log) attribute(ctx context.Context, batch []*pending) error {
	if l.opts.Attribute == nil {
		return nil
	}
	known := make([]events.Event, len(batch))
	events := make([]*events.Event, len(batch))
	for i, p := range batch {
		known[i] = p.rec.Event
		events[i] = &known[i]
	}
	if err := l.opts.Attribute(ctx, events); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range batch {
		if p.unsavedSeq != 0 {
			p.rec = &Record{Event: p.rec.Event}
		}
		p.rec.Attrs = known[i].Attrs
	}
	return nil
}

// entryOf returns the entry of a stored record, with its id. A record that was published without an id isn't changed but
// copied, since subscribers share it. mu is held.
func (l *Log) entryOf(p *pending, id int64) *entry {
	if p.unsavedSeq == 0 {
		p.rec.ID = id
		return &entry{rec: p.rec}
	}
	delete(l.publishedUnsaved, p.key)
	return &entry{rec: &Record{ID: id, Event: p.rec.Event}, confirms: p.unsavedSeq}
}

// doneUnsaved publishes the stored records of a batch without their ids and removes the batch. Later pending records may also
// be published without ids, and must not come before the batch.
func (l *Log) doneUnsaved(batch []*pending, stored []bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range batch {
		if stored[i] && p.unsavedSeq == 0 {
			l.publishOne(p)
		}
	}
	l.remove(len(batch))
}

// store commits a batch. It returns the batch's first id, and which of its records were new.
func (l *Log) store(ctx context.Context, batch []*pending) (first int64, stored []bool, err error) {
	rows, err := rowsOf(batch)
	if err != nil {
		return 0, nil, err
	}
	epochs := epochsOf(batch)
	states, hosts := l.checkpoints.changes(batch, time.Now())
	for host, h := range hosts {
		epochs[host] = h.epoch
	}
	err = l.db.InTx(ctx, func(q *sqlc.Queries) error {
		last, err := q.TakeEventIDs(ctx, int64(len(batch)))
		if err != nil {
			return fmt.Errorf("take event ids: %w", err)
		}
		first = last - int64(len(batch)) + 1
		if err := l.checkEpochs(ctx, q, epochs); err != nil {
			return err
		}
		for i := range rows {
			rows[i].ID = first + int64(i)
		}
		if stored, err = l.insert(ctx, q, batch, rows); err != nil {
			return fmt.Errorf("insert events: %w", err)
		}
		if err := l.saveCheckpoint(ctx, q, states, hosts); err != nil {
			return err
		}
		return l.db.Notify(ctx, q, db.ChannelEvents, strconv.FormatInt(last, 10))
	})
	if err == nil {
		l.checkpoints.committed(states, hosts, time.Now())
	}
	return first, stored, err
}

func rowsOf(batch []*pending) ([]sqlc.InsertEventParams, error) {
	now := db.Time(time.Now())
	rows := make([]sqlc.InsertEventParams, len(batch))
	for i, p := range batch {
		if p.rec.Kind == events.KindState { // has no row
			rows[i].LoggedAt = now
			continue
		}
		row, err := rowOf(&p.rec.Event, p.key.key)
		if err != nil {
			return nil, err
		}
		row.LoggedAt = now
		rows[i] = row
	}
	return rows, nil
}
