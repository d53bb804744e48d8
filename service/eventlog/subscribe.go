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

// ErrLagged ends the subscription of a client that is too slow. The client loses nothing if it resumes after the last
// record that it got.
var ErrLagged = errors.New("subscriber is too slow")

// Reasons of gaps that only one subscription gets.
const (
	reasonTrimmed   = "older than the log"
	reasonUnknownID = "unknown id"
)

// retryCatchUp is how long a subscription waits before it asks a database again that didn't answer.
const retryCatchUp = 250 * time.Millisecond

// idStep is the step of the ids that a subscription with CoarseIDs gets besides those of its deliveries. After a resume
// from such an id it may get its records among that many again.
const idStep = 1024

// Subscribe describes a subscription. The zero value gets all records from now on.
type Subscribe struct {
	Filter
	// Resume also gets the records after the id After.
	Resume bool
	After  int64
	// Allow reports whether the subscriber may see a record now. It is called at each delivery, by the goroutine that
	// calls Next. Nil: all records.
	Allow func(*Record) bool
	// ShownAction returns a record's action as the subscriber sees it, which Actions matches. Nil: the record's own.
	ShownAction func(*Record) string
	// CoarseIDs makes LastID move only with deliveries and in steps of idStep: else the subscriber could count the
	// records that it may not see.
	CoarseIDs bool
	// Wake is called when Next may have new records, and when the subscription is closed. It must not block, and may be
	// called by several goroutines, even before Subscribe has returned. May be nil.
	Wake func()
}

// Delivery is a record, or its id alone, to send to a client.
type Delivery struct {
	*Record
	// IDOnly is true if the client has the record already, and only its id is new.
	IDOnly bool
}

// Subscription is one client's place in the log. It is for one goroutine; only Close and Closed may be called by others.
type Subscription struct {
	log    *Log
	filter Filter
	allow  func(*Record) bool
	shown  func(*Record) string
	coarse bool
	wake   func()
	closed atomic.Bool

	cursor uint64 // the next entry of the ring
	joined uint64 // the first entry that it got from the ring
	// joinedHead is where the ring ended then. Entries before it that have no id may be old.
	joinedHead uint64
	last       int64 // the last durable id that it has passed, delivered or not
	delivered  int64 // the last id that it delivered
	behind     bool  // it reads from the database
	// paged are records that it read from the database before they were published. They may be in the ring too,
	// published without their ids.
	paged   map[eventKey]struct{}
	checked bool // After was compared with the log
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

// LastID returns an id from which the client can resume without missing a record: at least that of the last delivery; 0 if
// the log is empty.
func (s *Subscription) LastID() int64 {
	if !s.coarse {
		return s.last
	}
	return max(s.delivered, coarse(s.last))
}

// coarse returns the id rounded down to a whole step, but at least 1: a client can't resume from 0.
func coarse(id int64) int64 { return min(max(id/idStep*idStep, 1), id) }

// Next appends new deliveries to dst, up to its capacity. It doesn't wait for new records, but may have to read from the
// database to catch up. If more is true, the caller should call it again before it waits for Wake. Errors: ErrLagged.
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
			s.paged = nil // all that was read from the database has been published
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

// catchUp joins the ring if that reaches back far enough, else it reads a page of the log.
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
	case !s.checked && s.last > state.LastID: // an id of another log, or of one that was restored from a backup
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
		s.last = published // there is nothing more before the ring
	}
	return dst, nil
}

// gap returns a gap on all hosts, for this subscription alone. The log goes on after its id.
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
