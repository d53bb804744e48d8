package dockerx

import (
	"context"
	"errors"
	"sync"

	"github.com/rs/zerolog"

	"wharf/dockerx/stats"
)

// Options is what a fleet needs besides its hosts. The zero value logs nothing and tells nobody.
type Options struct {
	Logger zerolog.Logger
	// OnEvent gets every event of every host, in each host's order. It must not block. May be nil.
	OnEvent func(Event)
	// Resume says where a host's events were left. Nil: begin now.
	Resume func(ctx context.Context, host string) (Resume, error)
	// Stats says how usage is sampled.
	Stats stats.Options
}

// Fleet is all Docker hosts. No host can delay another.
type Fleet struct {
	opts   Options
	hosts  []*Host
	byName map[string]*Host
}

// NewFleet makes the hosts. It dials nothing, so a dead host is no error here.
func NewFleet(cfgs []HostConfig, opts Options) (*Fleet, error) {
	f := &Fleet{opts: opts, byName: make(map[string]*Host, len(cfgs))}
	for _, cfg := range cfgs {
		h, err := newHost(cfg, opts)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.hosts = append(f.hosts, h)
		f.byName[cfg.Name] = h
	}
	return f, nil
}

// Run reads the hosts' events, watches over them and samples them while somebody asks. It
// returns when all of that has ended, nil at the context's end.
func (f *Fleet) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for _, h := range f.hosts {
		running.Go(func() { h.run(ctx) })
	}
	running.Wait()
	return nil
}

// Close ends calls in flight and closes idle connections. Run must have returned.
func (f *Fleet) Close() error {
	for _, h := range f.hosts {
		h.close()
	}
	return nil
}

// Hosts returns the hosts in the setting's order.
func (f *Fleet) Hosts() []*Host { return f.hosts }

// Host finds a host by its name.
func (f *Fleet) Host(name string) (*Host, bool) {
	h, ok := f.byName[name]
	return h, ok
}
