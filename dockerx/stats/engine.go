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

// How engines are asked. The costs are CPU of engine, containerd and shims together for one
// sample, as scripts/benchstats measures it on two cores: 2.2-3.1 ms on 20.10 with 10 to 100
// containers, however busy the machine; 1.5-2.1 ms on 29 (moby v2.0.0-beta.24) with 200.
const (
	costWaiting  = 2700 * time.Microsecond
	costDirect   = 1900 * time.Microsecond
	inFlight     = 32   // on engines that answer at once: 8 to 64 differ little
	allAtOnce    = 1024 // on engines that wait: a request that misses the round waits for another
	sampleWithin = 10 * time.Second
	maxSample    = 1 << 20 // bytes of one sample
)

// engineSource asks the engine's API. It is safe for concurrent use.
type engineSource struct {
	engine  Engine
	mu      sync.Mutex // one Profile call at a time
	profile atomic.Pointer[Profile]
}

// reconnected makes the source ask again what engine it talks to.
func (e *engineSource) reconnected() { e.profile.Store(nil) }

// Cost takes an unknown engine for a dear one.
func (e *engineSource) Cost() time.Duration {
	if p := e.profile.Load(); p != nil && !p.waits() {
		return costDirect
	}
	return costWaiting
}

func (e *engineSource) Read(ctx context.Context, ids []string, pairs bool, got func(Reading)) {
	profile, err := e.known(ctx)
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

// readTwice goes round twice, so that a container's second sample waits for its own first alone.
func (e *engineSource) readTwice(ctx context.Context, ids []string, got func(Reading)) {
	again := make([]time.Time, len(ids)) // zero where there was no first sample
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

// slowAfter is when a call no longer counts as in flight: containers that hang must not keep the
// others from being asked.
const slowAfter = 300 * time.Millisecond

// fanOut calls do for 0 to n-1, about limit at a time, and waits for all.
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

// sleepUntil reports whether the time came before ctx ended.
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

// Forget does nothing: the engine keeps no state with us.
func (e *engineSource) Forget(string) {}

func (e *engineSource) known(ctx context.Context) (Profile, error) {
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

// sample reads one container: one frame or, of a stream, several.
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

// next reads one frame: a line, or what is left of the body. A stream that ends does so because
// its container did.
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

// frame returns a line, valid until the next read. Most fit the reader's buffer.
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
