package api

import (
	"context"
	"errors"
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
	batchSize  = 256 // deliveries
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
	ended <-chan struct{} // the session's end, or nil
	told  int64           // the last id that the client knows

	due     atomic.Bool // a comment is due
	guard   *time.Timer // runs while a write waits; nil until one does
	mu      sync.Mutex
	waiting bool
}

// batch is what a stream needs while it writes, shared by all through a pool: a quiet client
// has none.
type batch struct {
	deliveries []eventlog.Delivery
	bytes      []byte
}

var batches = sync.Pool{New: func() any {
	return &batch{deliveries: make([]eventlog.Delivery, 0, batchSize), bytes: make([]byte, sinkRoom, 16<<10)}
}}

// run writes what happens until the client, its session or the subscription ends. The error says why.
func (s *eventStream) run(ctx context.Context) error {
	if err := s.writeText(greeting); err != nil {
		return err
	}
	for {
		more, err := s.writeNew(ctx)
		if err != nil {
			return err
		}
		if more {
			if s.over() {
				return errStreamEnded
			}
			continue
		}
		select {
		case <-s.sub.Wake():
			if s.due.CompareAndSwap(true, false) {
				err = s.writeComment()
			}
		case <-s.sub.Done():
			err = errStreamEnded
		case <-s.ended:
			err = errStreamEnded
		}
		if err != nil {
			return err
		}
	}
}

// over tells whether the stream should end.
func (s *eventStream) over() bool {
	select {
	case <-s.sub.Done():
	case <-s.ended:
	default:
		return false
	}
	return true
}

// writeNew writes what is new, in as few writes as can be.
func (s *eventStream) writeNew(ctx context.Context) (more bool, err error) {
	b := batches.Get().(*batch)
	defer b.release()
	b.deliveries, more, err = s.sub.Next(ctx, b.deliveries[:0])
	if err != nil {
		_ = s.writeText(": too slow\n\n")
		return false, err
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

// release gives the batch back, unless a huge event has made it huge.
func (b *batch) release() {
	clear(b.deliveries)
	if cap(b.bytes) <= 4*batchBytes {
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
	s.sub.Poke()
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
	return s.out.write(rest, time.Now().Add(stallLimit))
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
	case s.over():
		s.out.interrupt()
	default:
		s.guard.Reset(stallCheck)
	}
}
