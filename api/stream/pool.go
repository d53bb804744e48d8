package stream

import (
	"context"
	"runtime"
	"sync"
)

// pool processes many streams with few workers. At most one worker per processor works at a time, and none exists while no
// stream has anything to do. An idle stream costs no goroutine and no stack.
type pool struct {
	mu sync.Mutex
	// now is processed before later, so that no stream waits for another's second turn.
	now, later []*stream
	working    int
}

// add schedules a stream. It must not be added again before it has been processed.
func (p *pool) add(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.later = append(p.later, s)
	p.spawn()
}

// spawn starts a worker if there is room for one. mu is held.
func (p *pool) spawn() {
	if p.working < runtime.GOMAXPROCS(0) {
		p.working++
		go p.work()
	}
}

func (p *pool) work() {
	for s := p.nextStream(); s != nil; s = p.nextStream() {
		switch again, err := s.guardedProcess(context.Background()); {
		case err != nil:
			s.ended(err)
		case again:
			p.add(s)
		}
	}
}

// nextStream returns a worker's next stream; nil ends the worker.
func (p *pool) nextStream() *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.now) == 0 {
		p.now, p.later = p.later, p.now
	}
	if len(p.now) == 0 || p.working > runtime.GOMAXPROCS(0) {
		p.working--
		return nil
	}
	last := len(p.now) - 1
	s := p.now[last]
	p.now[last] = nil
	p.now = p.now[:last]
	return s
}

// blocking runs f, which may block, and lets another worker start meanwhile. Without a pool it just calls f.
func (p *pool) blocking(f func()) {
	if p == nil {
		f()
		return
	}
	p.mu.Lock()
	p.working--
	if len(p.now)+len(p.later) > 0 {
		p.spawn()
	}
	p.mu.Unlock()
	defer func() { // also if f panics
		p.mu.Lock()
		p.working++
		p.mu.Unlock()
	}()
	f()
}
