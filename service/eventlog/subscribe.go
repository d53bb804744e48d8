package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
)

// ErrLagged is the error of a subscription that lags too far behind. The client loses nothing if it resumes after the last
// record that it received.
var ErrLagged = errors.New("subscriber is too slow")

// The reasons of gaps that are delivered to one subscription only.
const (
	reasonTrimmed   = "older than the log"
	reasonUnknownID = "unknown id"
)

// retryCatchUp is how long a subscription waits after a failed query before it tries again.
const retryCatchUp = 250 * time.Millisecond

// idStep is the step to which a subscription with CoarseIDs rounds ids other than those of its deliveries. After a resume from
// such an id, it may receive records among that many ids again.
const idStep = 1024

// Subscribe describes a subscription. The zero value selects all future records.
type Subscribe struct {
	Filter
	// Resume adds the records after the id After.
	Resume bool
	After  int64
	// Allow reports whether the subscriber may see a record now. It is called at each delivery, by the goroutine that
	// calls Next. Nil: all records.
	Allow func(*Record) bool
	// ShownAction returns the action that the subscriber sees, which Filter.Actions is compared with. Nil: the record's own.
	ShownAction func(*Record) string
	// CoarseIDs makes LastID change only with deliveries and in steps of idStep, so that the subscriber can't count the
	// records that it may not see.
	CoarseIDs bool
	// Wake is called when Next may have new records, and when the subscription is closed. It must not block, and may be
	// called by several goroutines, even before Subscribe has returned. May be nil.
	Wake func()
}

// Delivery is a record, or only its id, to send to a client.
type Delivery struct {
	*Record
	// IDOnly is true if the client already has the record, and only its id is new.
	IDOnly bool
}

// Subscription is one client's place in the log. It is for one goroutine; only Close and Closed may be called concurrently.
type Subscription struct {
	log    *Log
	filter Filter
	allow  func(*Record) bool
	shown  func(*Record) string
	coarse bool
	wake   func()
	closed atomic.Bool

	cursor uint64 // the next entry of the ring
	joined uint64 // the first entry that it read from the ring
	// joinedHead is the ring's head at that time. Entries before it without an id may already have been delivered.
	joinedHead uint64
	last       int64 // the last durable id that it has passed, delivered or not
	delivered  int64 // the last delivered id
	behind     bool  // it reads from the database
	// paged has the records that it read from the database before they were published. They may also be in the ring,
	// published without their ids.
	paged   map[eventKey]struct{}
	checked bool // After has been compared with the log
}

// Subscribe opens a subscription. The caller must close it.
func (l *Log) Subscribe(o Subscribe) *Subscription {
	s := &Subscription{log: l, filter: o.Filter, allow: o.Allow, shown: o.ShownAction, coarse: o.CoarseIDs, wake: o.Wake}
	if s.wake == nil {
		s.wake = func() {}
	}
	l.hub.add(s)
	if o.Resume {
		s.behind, s.last, s.delivered = true, max(o.After, 0), o.After
	}
	return s
}

// Close ends the subscription and releases its place. Further calls do nothing.
func (s *Subscription) Close() {
	if !s.closed.Swap(true) {
		s.log.hub.remove(s)
		s.wake()
	}
}

// Closed reports whether the subscription has ended.
func (s *Subscription) Closed() bool { return s.closed.Load() }

// Behind reports whether Next may block on the database.
func (s *Subscription) Behind() bool { return s.behind }

// LastID returns an id from which the client can resume without missing a record: at least the id of the last delivery, or 0
// if the log is empty.
func (s *Subscription) LastID() int64 {
	if !s.coarse {
		return s.last
	}
	return max(s.delivered, coarse(s.last))
}

// coarse returns the id rounded down to a multiple of idStep, but at least 1: a client can't resume from 0.
func coarse(id int64) int64 { return min(max(id/idStep*idStep, 1), id) }

// Next appends new deliveries to dst, up to its capacity. It doesn't wait for new records, but may read from the database to
// catch up. If more is true, the caller should call Next again before it waits for Wake. Errors: ErrLagged.
func (s *Subscription) Next(ctx context.Context, dst []Delivery) (out []Delivery, more bool, err error) {
	if s.behind {
		return s.catchUp(ctx, dst)
	}
	head := s.log.hub.head.Load()
	for s.cursor < head && len(dst) < cap(dst) {
		e := s.log.hub.get(s.cursor)
		if e == nil {
			return dst, false, ErrLagged
		}
		s.cursor++
		if e.unsaved && e.seq < s.joinedHead && s.log.hub.isOld(e.seq, s.last) {
			continue
		}
		if e.rec.ID > s.last {
			s.paged = nil // all records read from the database have been published
		}
		dst = s.pass(dst, e.rec, e.confirms != 0 && e.confirms > s.joined)
	}
	return dst, s.cursor < head, nil
}

// pass appends a record to dst if it is new to the client, selected by the filter and allowed.
func (s *Subscription) pass(dst []Delivery, r *Record, idOnly bool) []Delivery {
	if r.ID == 0 && len(s.paged) > 0 {
		if _, has := s.paged[keyOf(r)]; has {
			return dst
		}
	}
	if r.ID != 0 {
		if r.ID <= s.last {
			return dst
		}
		s.last = r.ID
	}
	if !s.filter.match(r, s.shown) || s.allow != nil && !s.allow(r) {
		return dst
	}
	if r.ID != 0 {
		s.delivered = r.ID
	}
	return append(dst, Delivery{r, idOnly})
}

// catchUp joins the ring if it reaches back far enough; otherwise it reads a page of the log.
func (s *Subscription) catchUp(ctx context.Context, dst []Delivery) ([]Delivery, bool, error) {
	if s.log.hub.join(s, s.last) && (s.checked || s.last <= s.log.hub.lastID()) {
		s.behind = false
		return dst, true, nil
	}
	before := s.last
	dst, err := s.page(ctx, dst)
	if err != nil {
		s.log.log.Debug().Err(err).Msg("catch up from the event log")
	}
	more := err == nil && s.last != before
	if !more { // the database doesn't answer, or the writer hasn't started yet
		time.AfterFunc(retryCatchUp, s.wake)
	}
	return dst, more, nil
}

// page appends the log's next records, and a gap for records that retention deleted before they could be read.
func (s *Subscription) page(ctx context.Context, dst []Delivery) ([]Delivery, error) {
	published := s.log.hub.lastID()
	q := s.log.db.Queries()
	arg := sqlc.EventsAfterIDParams{After: s.last, Until: math.MaxInt64, MaxRows: int32(min(cap(dst)-1, pageSize))} //nolint:gosec // small
	if len(s.filter.Hosts) == 1 {
		arg.Host.String, arg.Host.Valid = s.filter.Hosts[0], true
	}
	rows, err := q.EventsAfterID(ctx, arg)
	if err != nil {
		return dst, fmt.Errorf("read the event log: %w", err)
	}
	state, err := q.GetEventLog(ctx)
	if err != nil {
		return dst, fmt.Errorf("read the event log's state: %w", err)
	}
	records, err := recordsOf(rows)
	if err != nil {
		return dst, err
	}
	switch {
	case !s.checked && s.last > state.LastID: // the id is of another log, or the database was restored from a backup
		dst = append(dst, s.gap(state.LastID, reasonUnknownID, time.Now()))
		s.last = state.LastID
	case s.last < state.TrimmedID:
		to := time.Now()
		if len(records) > 0 {
			to = records[0].Time
		}
		dst = append(dst, s.gap(state.TrimmedID, reasonTrimmed, to))
		s.last = state.TrimmedID
	}
	s.checked = true
	for _, r := range records {
		dst = s.pass(dst, r, false)
		if r.ID > published {
			if s.paged == nil {
				s.paged = make(map[eventKey]struct{})
			}
			s.paged[keyOf(r)] = struct{}{}
		}
	}
	if len(rows) < int(arg.MaxRows) && s.last < published {
		s.last = published // no further records up to the last published one match the host
	}
	return dst, nil
}

// gap returns a gap of all hosts, for this subscription only. The subscription continues after the gap's id.
func (s *Subscription) gap(id int64, reason string, to time.Time) Delivery {
	if s.coarse {
		id = coarse(id)
	}
	s.delivered = id
	return Delivery{Record: &Record{ID: id, Event: events.Event{
		Kind: events.KindGap, Type: "gap", Action: "gap", Time: to.UTC(), From: time.Unix(0, 0).UTC(), To: to.UTC(),
		Reason: reason, Attrs: map[string]string{},
	}}}
}
