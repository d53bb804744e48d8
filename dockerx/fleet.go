// Package dockerx talks to Docker on many hosts: it lists, inspects and changes what they have, samples what containers use,
// and reads events and logs. No host can hurt another: each has its own connections, deadlines, limits and health.
//
// Job. A Fleet holds the hosts of the settings; a Host offers the requests that callers may make. Each call goes through
// call.go, which applies the circuit breaker, the host's call slots and the deadline, updates the host's health and classifies
// errors. Lists are cached, and invalidated by the host's events. Package engine defines the requests; packages containers,
// images, events, logs and stats interpret the answers; packages operations and recreate change containers.
//
// Owner. main makes one Fleet, runs it (Run) and closes it. Only package service hands out its hosts, and only against an actor.
//
// Limits. A host serves 64 reads and 64 changes at once. A ping may take 2 s, a list or an inspect 5 s, unless the settings
// say otherwise; each operation has its own deadline. Callers bound the number of follows (streams of events, logs, pulls).
package dockerx

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wharf/dockerx/events"
	"wharf/dockerx/images"
	"wharf/dockerx/stats"
)

// Options configures a fleet. The zero value logs nothing and reports no events.
type Options struct {
	Logger zerolog.Logger
	// OnEvent is called with every event of every host, in each host's order. It must not block. May be nil.
	OnEvent func(events.Event)
	// Resume returns the position at which to resume reading a host's events. Nil: events are read from now on.
	Resume func(ctx context.Context, host string) (events.Resume, error)
	// EventQueueBytes bounds the events of a host that wait to be processed. Further ones are dropped and recorded as a gap.
	// Default 64 MiB.
	EventQueueBytes int
	// Logs says where logs are searched.
	Logs LogSourceKind
	// Registries are the credentials for pulls. Nil: none.
	Registries *images.Credentials
	// PullStall is how long an engine may send nothing during a pull. Default 90 s.
	PullStall time.Duration
	digests   *images.Digests // of all hosts
	// Stats configures how usage is sampled.
	Stats stats.Options
	// Samplers returns how many processes sample a host's usage at the moment, including this one: they share the budget of
	// Stats. It must not block. Nil: only this process does.
	Samplers func(host string) int
	// Led limits reading of events and health checks to the hosts that Fleet.Lead names; other processes lead the rest.
	Led bool
	// OnStatus is called when a host's Status has changed; small variations of measured values don't count. soon is true if the
	// change should be published soon, such as a change of whether the host answers. It must not block or call the host. May be
	// nil.
	OnStatus func(host string, soon bool)
}

// Fleet is the set of all Docker hosts. It is safe for concurrent use. No host can delay another.
type Fleet struct {
	opts Options

	changing sync.Mutex // one Apply at a time
	mu       sync.RWMutex
	members  []*member // in the order of the settings
	byName   map[string]*member
	running  context.Context //nolint:containedctx // Run's context; nil before Run
	all      sync.WaitGroup  // the hosts' goroutines; Run waits for them
	led      map[string]bool // names of the hosts led here, with Options.Led

	isolation isolation
}

// member is a host with its configuration and the means to stop its goroutines.
type member struct {
	host  *Host
	cfg   HostConfig
	stop  context.CancelFunc // nil until it runs
	ended chan struct{}
}

// NewFleet returns a fleet of hosts. It doesn't connect to them, so a dead host is no error here.
func NewFleet(cfgs []HostConfig, opts Options) (*Fleet, error) {
	opts.digests = images.NewDigests()
	f := &Fleet{opts: opts, led: map[string]bool{}, isolation: isolation{every: isolationEvery, after: isolationAfter}}
	if err := f.Apply(cfgs); err != nil {
		return nil, err
	}
	return f, nil
}

// Apply replaces the fleet's hosts by these, in this order. A host whose configuration is unchanged, or changed only in its
// labels, continues undisturbed, with its streams. Hosts that are gone or changed are stopped, and new ones start. After an
// error nothing has changed. Apply may be called before and during Run, but not after it.
func (f *Fleet) Apply(cfgs []HostConfig) error {
	f.changing.Lock()
	defer f.changing.Unlock()
	old := f.snapshot()
	next := make([]*member, 0, len(cfgs))
	var made []*member
	f.mu.RLock()
	known := f.byName
	f.mu.RUnlock()
	for _, cfg := range cfgs {
		if m := known[cfg.Name]; m != nil && sameConnection(m.cfg, cfg) {
			next = append(next, m)
			continue
		}
		h, err := newHost(cfg, f.opts)
		if err != nil {
			end(made)
			return err
		}
		m := &member{host: h, cfg: cfg, ended: make(chan struct{})}
		made, next = append(made, m), append(next, m)
	}
	byName := make(map[string]*member, len(next))
	for i, m := range next {
		m.cfg = cfgs[i]
		m.host.setLabels(cfgs[i].Labels)
		byName[m.host.name] = m
	}
	gone := slices.DeleteFunc(old, func(m *member) bool { return byName[m.host.name] == m })
	f.mu.Lock()
	f.members, f.byName = next, byName
	f.mu.Unlock()
	end(gone) // before a host of the same name starts: the old one has events to hand over
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil && f.running.Err() == nil {
		f.start(made)
	}
	return nil
}

// sameConnection reports whether two configurations are equal except for their labels.
func sameConnection(a, b HostConfig) bool {
	a.Labels, b.Labels = nil, nil
	return reflect.DeepEqual(a, b)
}

// end stops the hosts' goroutines and closes the hosts.
func end(members []*member) {
	var ending sync.WaitGroup
	for _, m := range members {
		ending.Go(func() {
			if m.stop != nil {
				m.stop()
				<-m.ended
			}
			m.host.close()
		})
	}
	ending.Wait()
}

// start runs hosts. The caller holds mu.
func (f *Fleet) start(members []*member) {
	for _, m := range members {
		m.host.lead(!f.opts.Led || f.led[m.host.name])
		var ctx context.Context
		ctx, m.stop = context.WithCancel(f.running)
		f.all.Go(func() {
			defer close(m.ended)
			m.host.run(ctx)
		})
	}
}

// Run reads the hosts' events, checks the hosts, and samples usage while callers ask for it. It returns nil when ctx has
// ended and all of that has stopped. It may be called only once.
func (f *Fleet) Run(ctx context.Context) error {
	f.mu.Lock()
	if f.running != nil {
		f.mu.Unlock()
		return errors.New("the fleet was run before")
	}
	f.running = ctx
	f.start(f.members)
	f.mu.Unlock()
	if f.opts.Led {
		f.watchIsolation(ctx)
	}
	<-ctx.Done()
	// An Apply in progress starts no host once ctx has ended.
	f.changing.Lock()
	defer f.changing.Unlock()
	f.all.Wait()
	return nil
}

// Close ends calls in flight and closes idle connections. Run must have returned.
func (f *Fleet) Close() error {
	f.changing.Lock()
	defer f.changing.Unlock()
	members := f.snapshot()
	var closing sync.WaitGroup
	for _, m := range members {
		closing.Go(m.host.close)
	}
	closing.Wait()
	return nil
}

func (f *Fleet) snapshot() []*member {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.members)
}

// Hosts returns the hosts in the order of the settings.
func (f *Fleet) Hosts() []*Host {
	f.mu.RLock()
	defer f.mu.RUnlock()
	hosts := make([]*Host, len(f.members))
	for i, m := range f.members {
		hosts[i] = m.host
	}
	return hosts
}

// Host returns the host with this name, and whether there is one.
func (f *Fleet) Host(name string) (*Host, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	m := f.byName[name]
	if m == nil {
		return nil, false
	}
	return m.host, true
}
