package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// stallCheck is how often a waiting write is compared with the stream's end.
	stallCheck = 250 * time.Millisecond
	// closeTimeout is how long the orderly end of a stream may take.
	closeTimeout = 250 * time.Millisecond
	// batchBytes is when a write goes out although more is there.
	batchBytes = 64 << 10
	// waitingMost bounds what all streams together hold that wait for their clients, and waitingSmall is what a stream may
	// hold all the same. Beyond it a stream that would have to wait ends: its client comes back and misses nothing.
	waitingMost  = 32 << 20
	waitingSmall = 4 << 10
)

// waitingBytes is what streams hold that wait for their clients.
var waitingBytes atomic.Int64

var (
	errEnded  = errors.New("stream ended")        // in order
	errClient = errors.New("write to the client") // it is gone or takes nothing
)

// sink is where a stream's bytes go.
type sink interface {
	// try sends b if that needs no waiting, and returns what is left to be written. b begins with
	// chunkPrefix bytes for the sink's own use, which the rest doesn't.
	try(b []byte) (rest []byte, err error)
	// write sends what try has left. Each part of it may wait for stall.
	write(rest []byte, stall time.Duration) error
	// interrupt makes a write under way fail.
	interrupt()
	// close ends the answer: in order where why is errEnded, else so that the client sees that it is incomplete.
	close(why error)
	// bytes is how many were sent.
	bytes() int64
}

// chunkPrefix is the space that a chunk's length takes in front of its bytes.
const chunkPrefix = 10

// stream is one client.
type stream struct {
	source Poller
	out    sink
	format Format
	items  int64
	closed atomic.Bool
	gone   atomic.Bool // closed because the client is gone
	slow   bool        // the client took too little

	// notified counts the reasons to process the stream since that last happened. From the first
	// one on, until process has left none, the stream belongs to one worker.
	notified atomic.Int64
	pool     *pool         // whose workers process it; nil: a goroutine of its own
	alone    chan struct{} // wakes that goroutine
	ended    func(error)   // is called once, at the end

	heartbeatDue atomic.Bool
	stall        time.Duration
	guard        *time.Timer // runs while a write waits; nil until one does
	mu           sync.Mutex
	waiting      bool
}

// notify has the stream processed.
func (s *stream) notify() {
	switch {
	case s.notified.Add(1) > 1: // it is due already
	case s.pool != nil:
		s.pool.add(s)
	default:
		s.alone <- struct{}{}
	}
}

// close has the stream ended.
func (s *stream) close() {
	if !s.closed.Swap(true) {
		s.notify()
	}
}

// hangUp is close for a client that is gone.
func (s *stream) hangUp() {
	if !s.closed.Load() {
		s.gone.Store(true)
	}
	s.close()
}

// heartbeat has a heartbeat written.
func (s *stream) heartbeat() {
	s.heartbeatDue.Store(true)
	s.notify()
}

// process does what there is to do. It reports whether more came meanwhile; if not, the next notify decides
// which worker processes the stream next. The error says why the stream is over.
func (s *stream) process(ctx context.Context) (again bool, err error) {
	seen := s.notified.Load()
	if s.closed.Load() {
		return false, errEnded
	}
	more, err := s.poll(ctx)
	if err != nil || more {
		return true, err
	}
	if s.heartbeatDue.CompareAndSwap(true, false) {
		if err := s.writeHeartbeat(); err != nil {
			return false, err
		}
	}
	return s.notified.Add(-seen) > 0, nil
}

// guardedProcess is process on a goroutine that serves other streams too: a panic ends this one alone, as its error.
func (s *stream) guardedProcess(ctx context.Context) (again bool, err error) {
	err = guarded(func() error {
		again, err = s.process(ctx)
		return err
	})
	return again && err == nil, err
}

// run processes the stream on a goroutine of its own.
func (s *stream) run(ctx context.Context) error {
	for {
		again, err := s.guardedProcess(ctx)
		if err != nil {
			return err
		}
		if !again {
			<-s.alone
		}
	}
}

// poll writes what is new, in as few writes as can be.
func (s *stream) poll(ctx context.Context) (more bool, err error) {
	b := newBatch(s)
	defer b.release()
	more, err = s.source.Poll(ctx, b)
	if errors.Is(err, ErrTooSlow) {
		s.slow = true
		b.bytes = append(b.bytes, s.format.comment("too slow")...)
		err = io.EOF
	}
	if failed := b.flush(); failed != nil {
		return false, failed
	}
	if errors.Is(err, io.EOF) {
		err = errEnded
	}
	return more, err
}

func (s *stream) writeHeartbeat() error {
	b := newBatch(s)
	defer b.release()
	b.bytes = s.source.Heartbeat(b.bytes)
	return b.flush()
}

func (s *stream) writeText(text string) error {
	b := newBatch(s)
	defer b.release()
	b.bytes = append(b.bytes, text...)
	return b.flush()
}

// write gives the client the time of a stall, but not when the stream should end meanwhile.
func (s *stream) write(b []byte) error {
	rest, err := s.out.try(b)
	if err != nil || len(rest) == 0 {
		return err
	}
	held := int64(cap(b))
	defer waitingBytes.Add(-held)
	if waitingBytes.Add(held) > waitingMost && held > waitingSmall {
		return fmt.Errorf("%w: too many streams wait for their clients", errClient)
	}
	if s.guard == nil {
		s.guard = time.AfterFunc(time.Hour, s.check)
	}
	s.setWaiting(true)
	s.guard.Reset(stallCheck)
	defer s.setWaiting(false) // a check under way must not touch the connection afterwards
	defer s.guard.Stop()
	began := time.Now()
	s.pool.blocking(func() { err = s.out.write(rest, s.stall) })
	if err != nil && time.Since(began) >= s.stall {
		s.slow = true
	}
	return err
}

func (s *stream) setWaiting(waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = waiting
}

// check interrupts a waiting write when the stream should end.
func (s *stream) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.waiting:
	case s.closed.Load():
		s.out.interrupt()
	default:
		s.guard.Reset(stallCheck)
	}
}
