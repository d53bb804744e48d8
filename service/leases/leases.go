// Package leases distributes the hosts among the replicas on one Postgres, so that each host's events have one reader.
//
// Job. Each replica increments a counter in the database while it is alive. By its own clock, it observes which other counters
// change, and so which replicas are alive. All replicas compute the same distribution of hosts, and each does its part: it
// takes hosts that no living replica owns, and hands over hosts that it has in excess. A lease's epoch rises with each change
// of its owner.
//
// Safety doesn't depend on clocks or counters: an append to the event log names the epoch of the lease under which its events
// were read, and package eventlog refuses it if the lease has another epoch. So a replica that was paused or cut off and has
// lost a lease without noticing writes nothing. Moves of leases and appends take the same lock.
//
// Owner. The server calls Run once per process, on Postgres only; a process on SQLite owns all hosts.
//
// Limits. There is one transaction per BeatEvery. A replica that vanishes is detected after LostAfter; one that stops hands its
// hosts over immediately.
package leases

import (
	"context"
	"crypto/rand"
	"hash/fnv"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wharf/db"
)

// Options are the settings of Leases.
type Options struct {
	Logger zerolog.Logger
	// Server names this server across its restarts: a process replaces earlier processes of its server.
	Server string
	// Hosts returns the names of the hosts in the settings.
	Hosts func() []string
	// Begin starts the reading of a host's events under a lease's epoch. It must not block.
	Begin func(host string, epoch int64)
	// End stops the reading of hosts and stores what was read, until ctx ends.
	End func(ctx context.Context, hosts []string)
	// Looked is called at each beat. It must not block. May be nil.
	Looked func(Positions)
	// Status returns the status of a host that this replica reads. Found is called with the status of a host that another
	// replica reads. Neither may block.
	Status func(host string) string
	Found  func(host, status string)
	// Isolated reports whether other replicas reach hosts that this one can't: then it hands its hosts over. It must not block.
	// Nil: never.
	Isolated func() bool
	// Sampled returns the hosts whose engines this replica currently samples. It must not block. Nil: none.
	Sampled func() []string
	// BeatEvery is how often the replica increments its counter, default 1.25 s. LostAfter is how long the counter of another
	// replica may stay unchanged before its hosts are taken, default 3 s.
	BeatEvery, LostAfter time.Duration
}

// Positions are the latest values of what replicas wait for in the database.
type Positions struct {
	LastEvent   int64 // the event log's last id
	Revocations int64 // the counter of revocations
}

const (
	defaultBeat = 1250 * time.Millisecond
	defaultLost = 3 * time.Second
	// endTimeout bounds how long a lease is kept to store pending events. The next owner reads the rest again.
	endTimeout = time.Second
	// gatherFor is how long changed statuses are gathered before they are written.
	gatherFor = 100 * time.Millisecond
	// failedWait is the pause after an error of the database.
	failedWait = 250 * time.Millisecond
)

// Leases manages one replica's leases. It is safe for concurrent use.
type Leases struct {
	db    *db.DB
	opts  Options
	id    string
	began time.Time
	state *state
	wake  chan struct{} // starts the next read now; has room for one signal
	// gather starts it after gatherFor, so that statuses that change together are written together.
	gather chan struct{}

	// Only for Run.
	leases   []lease
	version  int64 // the counter of changes of leases, at the last read
	statuses int64 // the counter of changes of statuses, at the last read
	fleet    int64 // a hash of the hosts, at the last read
	sampling sampling

	mu    sync.Mutex
	held  map[string]int64 // epochs of the hosts that are read here
	first bool
	// changed has the hosts with an unwritten status; true: write it soon.
	changed map[string]bool
}

// New returns a replica's Leases on a database.
func New(d *db.DB, o Options) *Leases {
	if o.BeatEvery <= 0 {
		o.BeatEvery = defaultBeat
	}
	if o.LostAfter <= 0 {
		o.LostAfter = defaultLost
	}
	id := o.Server + "." + rand.Text()[:10]
	return &Leases{
		db: d, opts: o, id: id, began: time.Now(), state: newState(id, o.BeatEvery, o.LostAfter), wake: make(chan struct{}, 1),
		gather: make(chan struct{}, 1), version: -1, held: map[string]int64{}, changed: map[string]bool{},
	}
}

// Wake makes Run read the database now. It doesn't block. On a nil *Leases it does nothing.
func (l *Leases) Wake() {
	if l == nil {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default: // a read is already due
	}
}

// Owns reports whether this replica reads a host's events. A nil *Leases owns all hosts.
func (l *Leases) Owns(host string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, own := l.held[host]
	return own
}

// First reports whether this replica is the first of the living ones, which does the work that only one should do. Briefly, two
// replicas may be first. A nil *Leases is always first.
func (l *Leases) First() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}

// Run takes, renews and hands over leases until ctx ends. Then it ends the reading of all hosts, hands them to other replicas,
// and returns nil.
func (l *Leases) Run(ctx context.Context) error {
	failing := false
	for ctx.Err() == nil {
		again, err := l.round(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && !failing:
			failing = true
			l.opts.Logger.Warn().Err(err).Msg("cannot renew the leases of hosts")
		case err == nil:
			failing = false
		}
		if !again {
			l.pause(ctx, err)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	l.leave(last)
	return nil
}

// pause waits until the next beat is due, or earlier for Wake, changed statuses, or the loss of another replica.
func (l *Leases) pause(ctx context.Context, err error) {
	wait := l.opts.BeatEvery
	if err != nil {
		wait = failedWait
	}
	if next := l.state.nextLoss(l.now()); next > 0 {
		wait = min(wait, max(next-l.now(), 10*time.Millisecond))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.wake:
	case <-l.gather:
		select {
		case <-time.After(gatherFor):
		case <-l.wake:
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
}

func (l *Leases) now() time.Duration { return time.Since(l.began) }

// round increments the counter, reads the database, and carries out the resulting plan. again is true if it changed leases, so
// that the next round is due immediately.
func (l *Leases) round(ctx context.Context) (again bool, err error) {
	hosts := l.opts.Hosts()
	l.state.fleet, l.state.isolated = fleetOf(hosts), l.opts.Isolated != nil && l.opts.Isolated()
	v, err := l.beatAndRead(ctx)
	if err != nil {
		return false, err
	}
	now := l.now()
	l.state.observe(now, v)
	l.mu.Lock()
	l.first = l.state.first(now, v)
	l.mu.Unlock()
	l.adopt(ctx, l.state.owned(v), hosts)
	l.countSamplers(now)
	l.show(v.statuses) // after adopt: hosts that others have taken aren't held any more
	if l.opts.Looked != nil {
		l.opts.Looked(v.at)
	}
	p := l.state.plan(now, v, hosts)
	if len(p.give) > 0 {
		l.end(ctx, hostsOf(p.give))
	}
	moves := slices.Concat(p.give, p.take)
	if len(moves)+len(p.missing)+len(p.dead) == 0 {
		return false, nil
	}
	if len(p.take)+len(p.give) > 0 {
		l.opts.Logger.Info().Int("taken", len(p.take)).Int("given", len(p.give)).Msg("leases of hosts move")
	}
	return true, l.apply(ctx, p.missing, moves, p.dead)
}

// fleetOf returns a hash of the names of hosts.
func fleetOf(hosts []string) int64 {
	h := fnv.New64a()
	for _, name := range slices.Sorted(slices.Values(hosts)) {
		_, _ = h.Write([]byte(name))
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64()) //nolint:gosec // all 64 bits
}
