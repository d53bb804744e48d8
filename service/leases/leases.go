// Package leases shares the hosts out among the replicas on one Postgres, so that each host's events have one reader.
//
// Job. A replica raises its counter in the database as long as it lives. Each replica sees by its own clock which counters
// move, and so which replicas live; they all compute the same distribution of hosts and each does its own part: it takes what
// no living replica owns, and hands over what it has too much of. A lease's epoch rises with each change of its owner.
//
// Safety does not rest on any of that: an append to the event log names the epoch of the lease under which its events were
// read, and package eventlog refuses it in any other. A replica that was paused or cut off and believes in a lease that it has
// lost therefore writes nothing. Moves and appends take the same lock.
//
// Owner. Run, once per process, on Postgres alone; a process on SQLite owns all hosts.
//
// Limits. One transaction each BeatEvery. A replica that vanished is noticed after LostAfter, one that stops hands its hosts
// over at once.
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
	// Server is this server's name, the same over its restarts: a process takes what an earlier one of its server owned.
	Server string
	// Hosts returns the names of the hosts in the settings.
	Hosts func() []string
	// Begin starts the reading of a host's events under a lease's epoch. It must not block.
	Begin func(host string, epoch int64)
	// End stops the reading of hosts and stores what was read, until ctx ends.
	End func(ctx context.Context, hosts []string)
	// Looked is called at each beat. It must not block.
	Looked func(Positions)
	// Status returns the status of a host that is read here. Found takes the one of a host that another replica reads. None of
	// them may block.
	Status func(host string) string
	Found  func(host, status string)
	// Isolated reports whether other replicas reach hosts that this one can't: then it hands its hosts over. It must not block.
	// Nil: it never is.
	Isolated func() bool
	// Sampled returns the hosts whose engines this replica asks for samples at the moment. It must not block. Nil: none.
	Sampled func() []string
	// BeatEvery is how often the replica shows that it lives, default 1.25 s. LostAfter is how long the counter of another one
	// may stay what it is before its hosts are taken, default 3 s.
	BeatEvery, LostAfter time.Duration
}

// Positions say how far the database is with what replicas wait for.
type Positions struct {
	LastEvent   int64 // the event log's last id
	Revocations int64 // the counter of revocations
}

const (
	defaultBeat = 1250 * time.Millisecond
	defaultLost = 3 * time.Second
	// endTimeout bounds how long a lease is kept for events that aren't stored yet. The next owner reads them again.
	endTimeout = time.Second
	// gatherFor is how long changes of statuses are gathered before they are written.
	gatherFor = 100 * time.Millisecond
	// failedWait is the pause after a database that didn't answer.
	failedWait = 250 * time.Millisecond
)

// Leases are one replica's. They are safe for concurrent use.
type Leases struct {
	db    *db.DB
	opts  Options
	id    string
	began time.Time
	state *state
	wake  chan struct{} // holds one signal: look now
	// gather is the same for changed statuses: several at once are written together.
	gather chan struct{}

	// Used by Run alone.
	leases   []lease
	version  int64 // of leases, as the counter says
	statuses int64 // the same of statuses
	fleet    int64 // the hosts, hashed, at the last look
	sampling sampling

	mu    sync.Mutex
	held  map[string]int64 // epochs of the hosts that are read here
	first bool
	// changed are hosts whose status isn't written yet, and whether it is to be soon.
	changed map[string]bool
}

// New returns the leases of a replica on a database.
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

// Wake has Run look at the database now. It doesn't block. On a nil Leases it does nothing.
func (l *Leases) Wake() {
	if l == nil {
		return
	}
	select {
	case l.wake <- struct{}{}:
	default: // it looks already
	}
}

// Owns reports whether this replica reads a host's events. A nil Leases owns all hosts.
func (l *Leases) Owns(host string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, own := l.held[host]
	return own
}

// First reports whether this replica is the first of those that live: it does what one of them should do for all. For a
// moment two may be. A nil Leases is the only one.
func (l *Leases) First() bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}

// Run takes, keeps and hands over leases until ctx ends; then it ends the reading of all hosts and hands them to the other
// replicas. It returns nil.
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

// pause waits until the next beat, or for a reason to look earlier.
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

// round beats, looks, and does what is to be done. again: it changed something, so that the next look is due at once.
func (l *Leases) round(ctx context.Context) (again bool, err error) {
	hosts := l.opts.Hosts()
	l.state.fleet, l.state.isolated = fleetOf(hosts), l.opts.Isolated != nil && l.opts.Isolated()
	v, err := l.look(ctx)
	if err != nil {
		return false, err
	}
	now := l.now()
	l.state.look(now, v)
	l.mu.Lock()
	l.first = l.state.first(now, v)
	l.mu.Unlock()
	l.adopt(ctx, l.state.owned(v), hosts)
	l.countSamplers(now)
	l.show(v.statuses) // now that the hosts which others have taken aren't held any more
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

// fleetOf returns a hash of hosts' names.
func fleetOf(hosts []string) int64 {
	h := fnv.New64a()
	for _, name := range slices.Sorted(slices.Values(hosts)) {
		_, _ = h.Write([]byte(name))
		_, _ = h.Write([]byte{0})
	}
	return int64(h.Sum64()) //nolint:gosec // all 64 bits
}
