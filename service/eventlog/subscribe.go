package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx"
)

// ErrLagged ends the subscription of a client that is too slow. It loses nothing: it comes
// back with the id of the last record it got.
var ErrLagged = errors.New("subscriber is too slow")

// Reasons of gaps that a subscription alone has.
const (
	reasonTrimmed   = "older than the log"
	reasonUnknownID = "unknown id"
)

// retryCatchUp is how long a subscriber waits for a database that is away.
const retryCatchUp = 250 * time.Millisecond

// idStep is how coarse the ids are that a subscriber of CoarseIDs gets besides those of its deliveries. One
// that comes back with such an id may be sent again what it saw of that many records.
const idStep = 1024

// Subscribe says what a subscriber wants. The zero value wants everything from now on.
type Subscribe struct {
	Filter
	// Resume asks for what came after the record with the id After.
	Resume bool
	After  int64
	// Allow tells what the subscriber may see now; nil: everything. It is asked for each record
	// when it is delivered, by one goroutine.
	Allow func(*Record) bool
	// ShownAction is a record's action as the subscriber sees it, by which Actions picks; nil: as it is.
	ShownAction func(*Record) string
	// CoarseIDs has LastID move only with what is delivered and in steps of idStep: else it would count
	// for the subscriber what it may not see.
	CoarseIDs bool
	// Wake is called when Next may have something new, and when the subscription ends. It must not
	// wait, and may be called by several goroutines, even before Subscribe has returned. May be nil.
	Wake func()
}

// Delivery is one thing to tell a client.
type Delivery struct {
	*Record
	// IDOnly says that the client has the record already, and only its id is new.
	IDOnly bool
}

// Subscription is one client's place in the log. One goroutine may use it; Close may be called
// by any.
type Subscription struct {
	log    *Log
	filter Filter
	allow  func(*Record) bool
	shown  func(*Record) string
	coarse bool
	wake   func()
	closed atomic.Bool

	cursor    uint64 // the next entry of the ring
	joined    uint64 // the first entry it got from the ring
	last      int64  // the last durable id that it passed, delivered or not
	delivered int64  // the last id that it delivered
	behind    bool   // it reads from the database
	// paged are records that it read from the database before they were published. The ring may
	// hold them too, delivered early and without their ids.
	paged   map[eventKey]struct{}
	checked bool // After was compared with the log
}

// Subscribe opens a subscription. Close it.
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

// Close ends the subscription.
func (s *Subscription) Close() {
	if !s.closed.Swap(true) {
		s.log.hub.remove(s)
		s.wake()
	}
}

// Closed reports whether the subscription has ended.
func (s *Subscription) Closed() bool { return s.closed.Load() }

// Behind reports whether Next may wait for the database.
func (s *Subscription) Behind() bool { return s.behind }

// LastID returns an id from which the client may resume without missing anything: at least that of the last
// delivery, 0 where the log is empty.
func (s *Subscription) LastID() int64 {
	if !s.coarse {
		return s.last
	}
	return max(s.delivered, coarse(s.last))
}

// coarse returns the id rounded down to a whole step, but at least 1: with no id at all a client that comes back
// would begin anew.
func coarse(id int64) int64 { return min(max(id/idStep*idStep, 1), id) }

// Next appends what is new to dst, up to its capacity. It returns at once where there is
// nothing new, but may have to read from the database to catch up; more tells that calling
// again makes sense before waiting to be woken. Errors: ErrLagged.
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
		if e.rec.ID > s.last {
			s.paged = nil // all that was read from the database has been published
		}
		dst = s.pass(dst, e.rec, e.confirms != 0 && e.confirms > s.joined)
	}
	return dst, s.cursor < head, nil
}

// pass appends a record if it is new to the client, wanted, and allowed.
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

// catchUp joins the ring if it reaches back far enough, else it reads a page of the log.
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
	if !more { // the database is away, or the writer isn't up yet
		time.AfterFunc(retryCatchUp, s.wake)
	}
	return dst, more, nil
}

// page reads the log's next records. What retention deleted before they could be read is a gap.
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
	case !s.checked && s.last > state.LastID: // of another log, or one that lost its end
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
		s.last = published // nothing else was there up to what the ring begins with
	}
	return dst, nil
}

// gap returns a gap of all hosts that this subscriber alone has. Its id is where the log goes on.
func (s *Subscription) gap(id int64, reason string, to time.Time) Delivery {
	if s.coarse {
		id = coarse(id)
	}
	s.delivered = id
	return Delivery{Record: &Record{ID: id, Event: dockerx.Event{
		Kind: dockerx.KindGap, Type: "gap", Action: "gap", Time: to.UTC(), From: time.Unix(0, 0).UTC(), To: to.UTC(),
		Reason: reason, Attrs: map[string]string{},
	}}}
}
