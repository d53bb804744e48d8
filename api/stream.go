package api

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"wharf/service/eventlog"
)

const (
	// commentEvery keeps proxies from closing a quiet stream.
	commentEvery = 15 * time.Second
	// stallLimit is how long a client may take nothing at all before it is closed.
	stallLimit = 10 * time.Second
	// stallCheck is how often a stalled write looks whether the stream should end.
	stallCheck = 250 * time.Millisecond
	// farewell is how long the orderly end of a stream may take.
	farewell = 250 * time.Millisecond
	// batchBytes is when a write goes out although more is there.
	batchBytes = 64 << 10
	batchSize  = 64  // deliveries
	pageSize   = 256 // deliveries of a client that catches up
)

const greeting = "retry: 1000\n: wharf\n\n"

var errStreamEnded = errors.New("stream ended")

// sink is where a stream's bytes go.
type sink interface {
	// try sends b if that needs no waiting; it returns what is left to be written. b begins with
	// sinkRoom bytes for the sink's own use, which the rest doesn't.
	try(b []byte) (rest []byte, err error)
	// write sends what try has left before the deadline.
	write(rest []byte, deadline time.Time) error
	// interrupt makes a write under way fail.
	interrupt()
}

// sinkRoom is the space that a chunk's length takes in front of its bytes.
const sinkRoom = 10

// eventStream is one client of the log.
type eventStream struct {
	sub   *eventlog.Subscription
	masks func(*eventlog.Record) bool
	out   sink
	told  int64 // the last id that the client knows

	// pokes counts the reasons to look at the stream since its last turn. From the first one on,
	// until a turn has left none, the stream is its worker's alone.
	pokes atomic.Int64
	crew  *crew         // whose workers look after it; nil: a goroutine of its own
	alone chan struct{} // wakes that goroutine
	ended func(error)   // is called once, at the end, by a worker of the crew

	due     atomic.Bool // a comment is due
	guard   *time.Timer // runs while a write waits; nil until one does
	mu      sync.Mutex
	waiting bool
}

// newEventStream makes a stream that nobody looks after yet: it counts as poked.
func newEventStream(masks func(*eventlog.Record) bool) *eventStream {
	s := &eventStream{masks: masks}
	s.pokes.Store(1)
	return s
}

// batch is what a stream needs while it writes, shared by all through a pool: a quiet client
// has none.
type batch struct {
	deliveries []eventlog.Delivery
	bytes      []byte
}

var batches = sync.Pool{New: func() any {
	return &batch{deliveries: make([]eventlog.Delivery, 0, batchSize), bytes: make([]byte, sinkRoom, 2<<10)}
}}

// poke has the stream look for what there is to do.
func (s *eventStream) poke() {
	switch {
	case s.pokes.Add(1) > 1: // that will happen anyway
	case s.crew != nil:
		s.crew.add(s)
	default:
		s.alone <- struct{}{}
	}
}

// turn does what there is to do. It tells whether more was there by the end of that; if not, the
// next poke decides who takes the next turn. The error says why the stream is over.
func (s *eventStream) turn(ctx context.Context) (again bool, err error) {
	seen := s.pokes.Load()
	if s.sub.Closed() {
		return false, errStreamEnded
	}
	more, err := s.writeNew(ctx)
	if err != nil || more {
		return true, err
	}
	if s.due.CompareAndSwap(true, false) {
		if err := s.writeComment(); err != nil {
			return false, err
		}
	}
	return s.pokes.Add(-seen) > 0, nil
}

// guardedTurn is turn on a goroutine that serves other streams too: a panic ends this one alone, as its error.
func (s *eventStream) guardedTurn(ctx context.Context) (again bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			again, err = false, &panicError{p, debug.Stack()}
		}
	}()
	return s.turn(ctx)
}

// panicError is a panic that ended a stream.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// run takes all turns on a goroutine of the stream's own.
func (s *eventStream) run(ctx context.Context) error {
	for {
		again, err := s.guardedTurn(ctx)
		if err != nil {
			return err
		}
		if !again {
			<-s.alone
		}
	}
}

// writeNew writes what is new, in as few writes as can be.
func (s *eventStream) writeNew(ctx context.Context) (more bool, err error) {
	b := batches.Get().(*batch)
	defer b.release()
	if s.sub.Behind() {
		b.deliveries = make([]eventlog.Delivery, 0, pageSize)
		s.crew.aside(func() { b.deliveries, more, err = s.sub.Next(ctx, b.deliveries[:0]) })
	} else {
		b.deliveries, more, err = s.sub.Next(ctx, b.deliveries[:0])
	}
	if err != nil {
		if err := s.writeText(": too slow\n\n"); err != nil {
			return false, err
		}
		return false, errStreamEnded
	}
	b.bytes = b.bytes[:sinkRoom]
	for i := range b.deliveries {
		b.bytes = s.append(b.bytes, &b.deliveries[i])
		if len(b.bytes) >= batchBytes {
			if err := s.write(b.bytes); err != nil {
				return false, err
			}
			b.bytes = b.bytes[:sinkRoom]
		}
	}
	if len(b.bytes) > sinkRoom {
		err = s.write(b.bytes)
	}
	return more, err
}

// release gives the batch back, unless a page or a huge event has made it huge.
func (b *batch) release() {
	clear(b.deliveries)
	if cap(b.deliveries) == batchSize && cap(b.bytes) <= 4*batchBytes {
		batches.Put(b)
	}
}

func (s *eventStream) append(dst []byte, d *eventlog.Delivery) []byte {
	if d.ID != 0 {
		s.told = d.ID
	}
	switch {
	case d.IDOnly:
		return append(appendID(dst, d.ID), '\n')
	case s.masks(d.Record):
		return append(dst, d.Frame(true, maskedFrame)...)
	default:
		return append(dst, d.Frame(false, frame)...)
	}
}

// writeComment keeps the connection alive, and moves the client's id past what didn't concern
// it, so that it doesn't ask for that again.
func (s *eventStream) writeComment() error {
	if id := s.sub.LastID(); id > s.told {
		s.told = id
		return s.writeText(": \n" + string(appendID(nil, id)) + "\n")
	}
	return s.writeText(": \n\n")
}

func (s *eventStream) writeText(text string) error {
	b := batches.Get().(*batch)
	defer b.release()
	b.bytes = append(b.bytes[:sinkRoom], text...)
	return s.write(b.bytes)
}

// commentDue has a comment written.
func (s *eventStream) commentDue() {
	s.due.Store(true)
	s.poke()
}

// write gives the client stallLimit, but not when the stream should end meanwhile.
func (s *eventStream) write(b []byte) error {
	rest, err := s.out.try(b)
	if err != nil || len(rest) == 0 {
		return err
	}
	if s.guard == nil {
		s.guard = time.AfterFunc(time.Hour, s.check)
	}
	s.setWaiting(true)
	s.guard.Reset(stallCheck)
	defer s.setWaiting(false) // a check under way must not touch the connection afterwards
	defer s.guard.Stop()
	s.crew.aside(func() { err = s.out.write(rest, time.Now().Add(stallLimit)) })
	return err
}

func (s *eventStream) setWaiting(waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = waiting
}

// check interrupts a waiting write when the stream should end.
func (s *eventStream) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.waiting:
	case s.sub.Closed():
		s.out.interrupt()
	default:
		s.guard.Reset(stallCheck)
	}
}
