package eventlog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

// Resume reads the records from this long before the stored anchor on: later events are stored, as are those that an
// engine may replay in another order.
const (
	resumeOverlap = time.Second
	recentRows    = 5000
	// resumesAtOnce keeps a fleet whose readers all begin at once from taking the connections that the writer needs.
	resumesAtOnce = 4
	// publishWait is longer than a replica that was stopped in a transaction holds the others up.
	publishWait = 15 * time.Second
)

// Resume returns the state from which a host's reader resumes: the function dockerx.Options.Resume.
func (l *Log) Resume(ctx context.Context, host string) (events.Resume, error) {
	select {
	case l.resumes <- struct{}{}:
	case <-ctx.Done():
		return events.Resume{}, ctx.Err()
	}
	out, last, err := l.resume(ctx, host)
	<-l.resumes
	if err != nil {
		return out, err
	}
	return out, l.awaitPublished(ctx, last)
}

// resume reads what Resume returns, and the id of the host's last record; 0 if it has none.
func (l *Log) resume(ctx context.Context, host string) (out events.Resume, last int64, err error) {
	q := l.db.Queries()
	known, err := q.GetEventHost(ctx, host)
	if errors.Is(err, sql.ErrNoRows) {
		return out, 0, nil
	}
	if err != nil {
		return out, 0, fmt.Errorf("read a host's place in the event log: %w", err)
	}
	out.Since = timeOf(known.SeenNano)
	if out.States, err = l.states(ctx, host); err != nil {
		return out, 0, err
	}
	since := int64(0) // anchors are written late, so that a crash may leave none
	if known.Anchor != "" {
		out.Anchor = new(events.Event)
		if err := json.Unmarshal([]byte(known.Anchor), out.Anchor); err != nil {
			return out, 0, fmt.Errorf("decode a host's anchor: %w", err)
		}
		since = out.Anchor.Time.Add(-resumeOverlap).UnixNano()
	}
	rows, err := q.RecentEventsOfHost(ctx, sqlc.RecentEventsOfHostParams{Host: host, Since: since, MaxRows: recentRows})
	if err != nil {
		return out, 0, fmt.Errorf("read a host's latest events: %w", err)
	}
	records, err := recordsOf(rows)
	if err != nil {
		return out, 0, err
	}
	latest := int64(0)
	for _, r := range records {
		out.Recent = append(out.Recent, r.Event)
		last = max(last, r.ID)
		if r.ID > latest && !r.Inferred() {
			latest, out.Anchor = r.ID, &r.Event
		}
	}
	return out, last, nil
}

// awaitPublished waits until the record with an id has been published here. Another replica may have stored it: what the
// host's next reader reads must not be published before it, with an id or without. A log that is stuck delays no host for
// longer than publishWait.
func (l *Log) awaitPublished(ctx context.Context, id int64) error {
	late := time.NewTimer(publishWait)
	defer late.Stop()
	for {
		l.mu.Lock()
		changed := l.stored
		l.mu.Unlock()
		if !l.hub.isReady() || l.hub.lastID() >= id { // where it isn't ready, begin leaves the record to the past
			return nil
		}
		l.Stored(id)
		select {
		case <-changed:
		case <-late.C:
			l.log.Warn().Int64("id", id).Msg("stored events aren't published: later ones may come before them")
			return nil
		case <-ctx.Done():
			return fmt.Errorf("publish a host's latest events: %w", ctx.Err())
		}
	}
}

func (l *Log) states(ctx context.Context, host string) (map[string]events.ContainerState, error) {
	rows, err := l.db.Queries().EventContainersOfHost(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("read a host's containers in the event log: %w", err)
	}
	states := make(map[string]events.ContainerState, len(rows))
	for _, r := range rows {
		states[r.ID] = events.ContainerState{Name: r.Name, State: r.State}
	}
	return states, nil
}
