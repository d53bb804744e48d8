package stats

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"wharf/util/apperr"
)

// Costs and limits of requests. A cost is the CPU time of engine, containerd and shims together for one sample, measured by
// scripts/benchstats on two cores: 2.2-3.1 ms on 20.10 with 10 to 100 containers, independent of the machine's load; 1.5-2.1 ms
// on 29 (moby v2.0.0-beta.24) with 200.
const (
	costWaiting  = 2700 * time.Microsecond
	costDirect   = 1900 * time.Microsecond
	inFlight     = 32   // requests at once to engines that answer directly; 8 to 64 differ little
	allAtOnce    = 1024 // requests at once to engines that wait for their round: a request that misses it waits for the next
	sampleWithin = 10 * time.Second
	maxSample    = 1 << 20 // bytes of one sample
)

// engineSource is the Source that asks the engine's API. It is safe for concurrent use.
type engineSource struct {
	engine  Engine
	mu      sync.Mutex // one Profile call at a time
	profile atomic.Pointer[Profile]
}

// reconnected makes the source ask for the engine's profile again.
func (e *engineSource) reconnected() { e.profile.Store(nil) }

// Cost returns the estimated cost of one sample; for an unknown engine, the higher one.
func (e *engineSource) Cost() time.Duration {
	if p := e.profile.Load(); p != nil && !p.waits() {
		return costDirect
	}
	return costWaiting
}

func (e *engineSource) Read(ctx context.Context, ids []string, pairs bool, got func(Reading)) {
	profile, err := e.loadProfile(ctx)
	switch {
	case err != nil:
		for _, id := range ids {
			got(Reading{ID: id, Err: err})
		}
	case profile.waits() && pairs:
		fanOut(len(ids), allAtOnce, func(i int) { e.sample(ctx, ids[i], 2, got) })
	case profile.waits():
		fanOut(len(ids), allAtOnce, func(i int) { e.sample(ctx, ids[i], 1, got) })
	case pairs:
		e.readTwice(ctx, ids, got)
	default:
		fanOut(len(ids), inFlight, func(i int) { e.sample(ctx, ids[i], 1, got) })
	}
}

// readTwice reads two samples of each container, in two rounds. A container's second sample waits only for its own first.
func (e *engineSource) readTwice(ctx context.Context, ids []string, got func(Reading)) {
	again := make([]time.Time, len(ids)) // earliest time of the second sample; zero without a first
	fanOut(len(ids), inFlight, func(i int) {
		e.sample(ctx, ids[i], 1, func(r Reading) {
			if r.Err == nil {
				again[i] = time.Now().Add(minGap)
			}
			got(r)
		})
	})
	fanOut(len(ids), inFlight, func(i int) {
		if !again[i].IsZero() && sleepUntil(ctx, again[i]) {
			e.sample(ctx, ids[i], 1, got)
		}
	})
}

// slowAfter is when a call no longer counts towards fanOut's limit, so that containers that hang don't block the others.
const slowAfter = 300 * time.Millisecond

// fanOut calls do for 0 to n-1 concurrently, about limit at a time, and waits for all.
func fanOut(n, limit int, do func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, limit)
	for i := range n {
		slots <- struct{}{}
		leave := sync.OnceFunc(func() { <-slots })
		wg.Go(func() {
			slow := time.AfterFunc(slowAfter, leave)
			defer slow.Stop()
			do(i)
			leave()
		})
	}
	wg.Wait()
}

// sleepUntil waits until t, and reports whether ctx lasted until then.
func sleepUntil(ctx context.Context, t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Forget does nothing: the source keeps no state of containers.
func (e *engineSource) Forget(string) {}

// loadProfile returns the engine's profile, which it asks for once.
func (e *engineSource) loadProfile(ctx context.Context) (Profile, error) {
	if p := e.profile.Load(); p != nil {
		return *p, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.profile.Load(); p != nil {
		return *p, nil
	}
	p, err := e.engine.Profile(ctx)
	if err != nil {
		return Profile{}, err
	}
	e.profile.Store(&p)
	return p, nil
}

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 8<<10) }}

// sample reads one or several samples of a container; several come from a stream.
func (e *engineSource) sample(ctx context.Context, id string, frames int, got func(Reading)) {
	ctx, cancel := context.WithTimeout(ctx, sampleWithin)
	defer cancel()
	body, err := e.engine.Stats(ctx, id, frames > 1)
	if err != nil {
		got(Reading{ID: id, Err: err})
		return
	}
	defer func() { _ = body.Close() }()
	r := readers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool holds nothing else
	r.Reset(body)
	defer func() {
		r.Reset(nil)
		readers.Put(r)
	}()
	for range frames {
		reading := Reading{ID: id}
		reading.Sample, reading.Err = next(r)
		got(reading)
		if reading.Err != nil {
			return
		}
	}
}

// next reads and decodes one sample. At the end of the body it returns ErrNotRunning: a stream ends when its container does.
func next(r *bufio.Reader) (Sample, error) {
	line, err := frame(r)
	if errors.Is(err, io.EOF) {
		return Sample{}, ErrNotRunning
	}
	if err != nil {
		return Sample{}, fmt.Errorf("read a sample: %w", err)
	}
	s, running, err := decode(line)
	switch {
	case err != nil:
		return Sample{}, apperr.Wrap(apperr.Unavailable, err, "the Docker daemon's answer can't be understood")
	case !running:
		return Sample{}, ErrNotRunning
	}
	return s, nil
}

// frame returns a line or the rest of the body, valid until the next read. Most lines fit in the reader's buffer.
func frame(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil || errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) > 0 {
		return line, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, err
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(whole) > maxSample {
			return nil, errJSON
		}
		line, err = r.ReadSlice('\n')
		whole = append(whole, line...)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return whole, nil
}
