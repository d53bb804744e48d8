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

const (
	// resumeOverlap is how far before the stored anchor Resume begins to read records: it needs later events, and those
	// that an engine may replay in another order.
	resumeOverlap = time.Second
	recentRows    = 5000
	// resumesAtOnce bounds concurrent calls of Resume, so that the readers of a fleet, which all start at the same time,
	// don't take the connections that the writer needs.
	resumesAtOnce = 4
	// publishWait is longer than a replica that was stopped in a transaction can block the others.
	publishWait = 15 * time.Second
)

// Resume returns the state from which a host's reader resumes. It is the function for dockerx.Options.Resume.
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

// resume reads Resume's result, and the id of the host's last record; 0 if it has none.
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
	since := int64(0) // without an anchor: anchors are written late, so a crash may leave none
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

// awaitPublished waits until the record with an id has been published by this process. Another replica may have stored it, and
// events that the host's next reader publishes must come after it. A stuck log delays a host by publishWait at most.
func (l *Log) awaitPublished(ctx context.Context, id int64) error {
	late := time.NewTimer(publishWait)
	defer late.Stop()
	for {
		l.mu.Lock()
		changed := l.stored
		l.mu.Unlock()
		if !l.hub.isReady() || l.hub.lastID() >= id { // not ready: begin will start after the record
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
