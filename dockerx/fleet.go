// Package dockerx reaches Docker on many hosts: what is there, what it uses, what happens, and what
// is to change. No host can hurt another: each has its own connections, deadlines, limits and
// its own record of being down.
//
// Job. A Fleet has the hosts of the settings, a Host what callers may ask of one. Each call goes through call.go: the circuit
// breaker, the host's places, the deadline, what the outcome says of the host's health, and the classes of errors. Lists are
// kept while the host's events say that they are true. What is asked stands in package engine, what comes of it in containers,
// images, events, logs and stats, what is done to containers in operations and recreate.
//
// Owner. main makes one Fleet, runs it (Run) and closes it; package service alone hands out its hosts, against an actor.
//
// Limits. A host gets 64 calls that read and 64 that change something at once. A ping has 2 s, a list or an inspect 5 s, unless
// the settings say otherwise; operations have the deadlines of their rows. What is followed is bounded where it is let in.
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

// Options is what a fleet needs besides its hosts. The zero value logs nothing and reports no events.
type Options struct {
	Logger zerolog.Logger
	// OnEvent gets every event of every host, in each host's order. It must not block. May be nil.
	OnEvent func(events.Event)
	// Resume says where a host's events were left. Nil: begin now.
	Resume func(ctx context.Context, host string) (events.Resume, error)
	// EventQueueBytes bounds the events of a host that wait to be processed; beyond it they are dropped and
	// marked as a gap. Default 64 MiB.
	EventQueueBytes int
	// Logs says where logs are searched.
	Logs LogSourceKind
	// Registries are the credentials for pulls. Nil: none.
	Registries *images.Credentials
	// PullStall is how long an engine may say nothing during a pull. Default 90 s.
	PullStall time.Duration
	digests   *images.Digests // of all hosts
	// Stats says how usage is sampled.
	Stats stats.Options
	// Samplers returns how many processes sample a host's usage at the moment, this one included: they share the budget of
	// Stats. It must not block. Nil: this one alone.
	Samplers func(host string) int
	// Led has only those hosts read and checked that Fleet.Lead names: other processes look after the rest.
	Led bool
	// OnStatus is called when a host's Status has changed, by more than usual variations of what is measured; soon: in whether it
	// answers. It must not block or call the host. May be nil.
	OnStatus func(host string, soon bool)
}

// Fleet is all Docker hosts. No host can delay another.
type Fleet struct {
	opts Options

	changing sync.Mutex // one Apply at a time
	mu       sync.RWMutex
	members  []*member // in the setting's order
	byName   map[string]*member
	running  context.Context //nolint:containedctx // Run's; nil before
	all      sync.WaitGroup  // what Run waits for
	led      map[string]bool // hosts, with Options.Led

	isolation isolation
}

// member is a host, what it was made from, and how to end what runs for it.
type member struct {
	host  *Host
	cfg   HostConfig
	stop  context.CancelFunc // nil until it runs
	ended chan struct{}
}

// NewFleet makes the hosts. It dials nothing, so a dead host is no error here.
func NewFleet(cfgs []HostConfig, opts Options) (*Fleet, error) {
	opts.digests = images.NewDigests()
	f := &Fleet{opts: opts, led: map[string]bool{}, isolation: isolation{every: isolationEvery, after: isolationAfter}}
	if err := f.Apply(cfgs); err != nil {
		return nil, err
	}
	return f, nil
}

// Apply makes the fleet consist of these hosts, in this order. A host whose configuration is what it
// was, labels aside, goes on undisturbed, its streams too; others end, and new ones begin. After an error nothing
// has changed. It is called before Run or during it, not after.
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
	end(gone) // before one of the same name begins: it has its events to hand over
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil && f.running.Err() == nil {
		f.start(made)
	}
	return nil
}

// sameConnection reports whether two configurations differ in nothing but labels.
func sameConnection(a, b HostConfig) bool {
	a.Labels, b.Labels = nil, nil
	return reflect.DeepEqual(a, b)
}

// end stops what runs for hosts and closes them.
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

// start runs hosts. The caller holds the lock.
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

// Run reads the hosts' events, checks the hosts, and samples usage while it is asked for. It
// returns when all of that has ended, nil at the context's end. It is called once.
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
	// An Apply under way starts nothing any more once it sees that the context has ended.
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

// Hosts returns the hosts in the setting's order.
func (f *Fleet) Hosts() []*Host {
	f.mu.RLock()
	defer f.mu.RUnlock()
	hosts := make([]*Host, len(f.members))
	for i, m := range f.members {
		hosts[i] = m.host
	}
	return hosts
}

// Host finds a host by its name.
func (f *Fleet) Host(name string) (*Host, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	m := f.byName[name]
	if m == nil {
		return nil, false
	}
	return m.host, true
}
