package eventlog

import (
	"context"
	"fmt"

	"wharf/db/sqlc"
)

// readTail reads and publishes the stored records after the last published one, up to the id until.
func (l *Log) readTail(ctx context.Context, until int64) error {
	for {
		rows, err := l.db.Queries().EventsAfterID(ctx, sqlc.EventsAfterIDParams{
			After: l.hub.lastID(), Until: until, MaxRows: pageSize,
		})
		if err != nil {
			return fmt.Errorf("read new events: %w", err)
		}
		records, err := recordsOf(rows)
		if err != nil {
			return err
		}
		l.mu.Lock()
		for _, r := range records {
			k := keyOf(r)
			l.recent.Add(k)
			l.hub.publish(&entry{rec: r, confirms: l.publishedUnsaved[k]})
			delete(l.publishedUnsaved, k)
		}
		l.signalStored()
		l.mu.Unlock()
		if l.opts.Delivered != nil {
			for _, r := range records {
				l.opts.Delivered(r.Event)
			}
		}
		if len(rows) < pageSize {
			return nil
		}
	}
}

// begin reads the log's last id and the keys of its latest records. Only records after that id are published.
func (l *Log) begin(ctx context.Context) error {
	q := l.db.Queries()
	state, err := q.GetEventLog(ctx)
	if err != nil {
		return fmt.Errorf("read the event log's state: %w", err)
	}
	rows, err := q.EventsAfterID(ctx, sqlc.EventsAfterIDParams{
		After: state.LastID - pageSize, Until: state.LastID, MaxRows: pageSize,
	})
	if err != nil {
		return fmt.Errorf("read the latest events: %w", err)
	}
	records, err := recordsOf(rows)
	if err != nil {
		return err
	}
	l.mu.Lock()
	for _, r := range records {
		l.recent.Add(keyOf(r))
	}
	l.mu.Unlock()
	l.hub.start(state.LastID)
	return nil
}
