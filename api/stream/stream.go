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
	// stallCheck is how often a waiting write checks whether the stream should end.
	stallCheck = 250 * time.Millisecond
	// closeTimeout is how long the orderly end of a stream may take.
	closeTimeout = 250 * time.Millisecond
	// batchBytes is the size at which a batch is written although more items are ready.
	batchBytes = 64 << 10
	// waitingMost bounds the bytes of all writes that wait for their clients. Beyond it a stream that would have to wait
	// ends, unless it holds at most waitingSmall bytes: its client reconnects and misses nothing.
	waitingMost  = 32 << 20
	waitingSmall = 4 << 10
)

// waitingBytes counts the bytes of all writes that wait for their clients.
var waitingBytes atomic.Int64

var (
	errEnded  = errors.New("stream ended")        // in order
	errClient = errors.New("write to the client") // the client is gone or reads nothing
)

// sink is the destination of a stream's bytes.
type sink interface {
	// try sends as much of b as it can without waiting, and returns the rest for write. b begins with chunkPrefix bytes for
	// the sink's own use, which don't count.
	try(b []byte) (rest []byte, err error)
	// write sends the rest that try returned. Each part of it may wait for stall.
	write(rest []byte, stall time.Duration) error
	// interrupt makes a write that is under way fail.
	interrupt()
	// close ends the answer, in order if why is errEnded, else so that the client sees that it is incomplete.
	close(why error)
	// bytes returns the number of bytes sent.
	bytes() int64
}

// chunkPrefix is the space for a chunk's length in front of its bytes.
const chunkPrefix = 10

// stream is the stream of one client.
type stream struct {
	source Poller
	out    sink
	format Format
	items  int64
	closed atomic.Bool
	gone   atomic.Bool // closed because the client is gone
	slow   bool        // the client took too little

	// notified counts the calls of notify since process last had nothing left to do. From the first call until process has
	// handled all, the stream belongs to one worker.
	notified atomic.Int64
	pool     *pool         // its workers process the stream; nil: the stream has its own goroutine
	wake     chan struct{} // wakes that goroutine
	ended    func(error)   // called once, at the end

	heartbeatDue atomic.Bool
	stall        time.Duration
	guard        *time.Timer // runs while a write waits; nil until one does
	mu           sync.Mutex
	waiting      bool
}

// notify schedules the stream for processing.
func (s *stream) notify() {
	switch {
	case s.notified.Add(1) > 1: // scheduled already
	case s.pool != nil:
		s.pool.add(s)
	default:
		s.wake <- struct{}{}
	}
}

// close schedules the end of the stream.
func (s *stream) close() {
	if !s.closed.Swap(true) {
		s.notify()
	}
}

// hangUp is close for a client that disconnected.
func (s *stream) hangUp() {
	if !s.closed.Load() {
		s.gone.Store(true)
	}
	s.close()
}

// heartbeat schedules a heartbeat.
func (s *stream) heartbeat() {
	s.heartbeatDue.Store(true)
	s.notify()
}

// process polls the source and sends a heartbeat if one is due. again reports whether notify was called meanwhile; if not, the
// next notify decides which worker processes the stream next. The error is the reason why the stream is over.
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

// guardedProcess is process for goroutines that serve several streams: a panic becomes an error that ends only this stream.
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
			<-s.wake
		}
	}
}

// poll writes the source's new items, in as few writes as possible.
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

// write sends b and waits for the client, for the stall time at most, or until the stream should end.
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
	defer s.setWaiting(false) // a running check must not touch the connection afterwards
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

// check interrupts a waiting write if the stream should end, else it checks again later.
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
