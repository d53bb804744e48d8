// Package eventlog stores the events of all hosts in one order and delivers them: live through one shared ring, and from
// the database to subscriptions that resume after a record's id.
//
// Package dockerx reads events from the engines and calls Publish; package service decides which records an actor sees; api
// encodes them. The server's run owns one Log per process. On Postgres, replicas share one log.
//
// Limits: while the database doesn't answer, records wait in memory, up to Options.Pending and Options.Bytes; records beyond
// these become a gap. Retention deletes records by age and number.
package eventlog

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/util/text"
)

// Record is one event of the log. It is immutable and shared between subscribers.
type Record struct {
	ID int64 // ascends in the order of delivery; 0: not stored yet
	events.Event

	encoding sync.Mutex
	frames   [2]atomic.Pointer[[]byte]
}

// Frame returns the record as encoded by encode. It caches the result: encode is called once for masked callers and once for
// the others. Callers must not change the bytes.
func (r *Record) Frame(masked bool, encode func(*Record) []byte) []byte {
	slot := &r.frames[0]
	if masked {
		slot = &r.frames[1]
	}
	if b := slot.Load(); b != nil {
		return *b
	}
	r.encoding.Lock()
	defer r.encoding.Unlock()
	if b := slot.Load(); b != nil {
		return *b
	}
	// Encoding briefly needs a deep stack. A separate goroutine keeps the stacks of the subscriptions' goroutines small.
	made := make(chan []byte)
	go func() { made <- encode(r) }()
	b := <-made
	slot.Store(&b)
	return b
}

// Inferred reports whether the event was inferred from a container list, not reported by the engine.
func (r *Record) Inferred() bool { return inferred(&r.Event) }

func inferred(e *events.Event) bool { return e.Attrs["wharf.inferred"] == "true" }

// rowOf returns an event's row, without its id and the time of storing.
func rowOf(e *events.Event, key int64) (sqlc.InsertEventParams, error) {
	attrs, err := json.Marshal(e.Attrs)
	if err != nil {
		return sqlc.InsertEventParams{}, fmt.Errorf("encode attributes: %w", err)
	}
	labels, err := labelsText(e.Labels)
	if err != nil {
		return sqlc.InsertEventParams{}, err
	}
	return sqlc.InsertEventParams{
		Host: e.Host, Kind: int32(e.Kind), Type: text.Storable(e.Type), Action: text.Storable(e.Action), ActorID: text.Storable(e.ActorID),
		ActorName: text.Storable(e.ActorName), TimeNano: e.Time.UnixNano(), Attrs: string(attrs),
		FromNano: nanos(e.From), ToNano: nanos(e.To), Reason: e.Reason, Key: key, Labels: labels,
	}, nil
}

func recordOf(row *sqlc.Event) (*Record, error) {
	r := &Record{ID: row.ID, Event: events.Event{
		Host: row.Host, Kind: events.Kind(row.Kind), Type: row.Type, Action: row.Action, //nolint:gosec // as rowOf wrote it
		ActorID: row.ActorID, ActorName: row.ActorName, Time: timeOf(row.TimeNano),
		From: timeOf(row.FromNano), To: timeOf(row.ToNano), Reason: row.Reason,
	}}
	if row.TimeNano == 0 {
		r.Time = time.Unix(0, 0).UTC()
	}
	if err := json.Unmarshal([]byte(row.Attrs), &r.Attrs); err != nil {
		return nil, fmt.Errorf("decode attributes of event %d: %w", row.ID, err)
	}
	if row.Labels == "" {
		r.Labels = events.LabelsIn(r.Type, r.Attrs)
	} else if err := json.Unmarshal([]byte(row.Labels), &r.Labels); err != nil {
		return nil, fmt.Errorf("decode labels of event %d: %w", row.ID, err)
	}
	return r, nil
}

// labelsText returns labels in their stored form: "" if nil, as in rows from before labels were stored separately from
// attributes.
func labelsText(labels map[string]string) (string, error) {
	if labels == nil {
		return "", nil
	}
	b, err := json.Marshal(labels)
	if err != nil {
		return "", fmt.Errorf("encode labels: %w", err)
	}
	return string(b), nil
}

func recordsOf(rows []sqlc.Event) ([]*Record, error) {
	out := make([]*Record, len(rows))
	for i := range rows {
		r, err := recordOf(&rows[i])
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

// nanos and timeOf keep the zero time as 0.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return nanosOf(t)
}

// nanosOf returns t in nanoseconds since 1970, or the nearest value that an int64 can represent (1677 to 2262).
func nanosOf(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	case seconds <= math.MinInt64/int64(time.Second):
		return math.MinInt64
	}
	return t.UnixNano()
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
