package images

import (
	"context"
	"sync"
)

// flight is one pull that callers share.
type flight struct {
	ref      Ref
	platform string
	cancel   context.CancelFunc
	ended    chan struct{}
	pulled   Pulled // set before ended is closed, as err
	err      error

	waiting int // callers; guarded by the Puller's mu

	mu      sync.Mutex
	now     Progress
	changed chan struct{} // closed at the next change
}

func flightKey(r Ref, platform string) string { return r.String() + " " + platform }

// join returns the pull of an image that is in progress, or starts one. The caller must call leave.
func (p *Puller) join(ctx context.Context, r Ref, platform string) *flight {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := flightKey(r, platform)
	if f := p.flights[key]; f != nil {
		f.waiting++
		return f
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{ref: r, platform: platform, cancel: cancel, ended: make(chan struct{}), waiting: 1, changed: make(chan struct{})}
	p.flights[key] = f
	unlink := context.AfterFunc(p.life, cancel)
	go func() {
		defer unlink()
		f.pulled, f.err = p.fly(ctx, f)
		p.mu.Lock()
		if p.flights[key] == f {
			delete(p.flights, key)
		}
		p.mu.Unlock()
		close(f.ended)
	}()
	return f
}

// leave removes a caller. The last caller cancels the pull and waits until it has ended, so that it doesn't outlive its callers.
func (p *Puller) leave(f *flight) {
	p.mu.Lock()
	f.waiting--
	last := f.waiting == 0
	if key := flightKey(f.ref, f.platform); last && p.flights[key] == f {
		delete(p.flights, key) // the next caller starts a new pull
	}
	p.mu.Unlock()
	if last {
		f.cancel()
		<-f.ended
	}
}

func (f *flight) report(now Progress) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now != f.now {
		f.now = now
		close(f.changed)
		f.changed = make(chan struct{})
	}
}

func (f *flight) progress() (Progress, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now, f.changed
}

// wait calls report with the progress until the pull or ctx ends. If report is slow, it gets only the latest progress.
func (f *flight) wait(ctx context.Context, report func(Progress)) (Pulled, error) {
	var last Progress
	for {
		now, changed := f.progress()
		if report != nil && now != last {
			report(now)
			last = now
		}
		select {
		case <-changed:
		case <-f.ended:
			if now, _ := f.progress(); report != nil && now != last {
				report(now)
			}
			return f.pulled, f.err
		case <-ctx.Done():
			return Pulled{}, ctx.Err()
		}
	}
}
