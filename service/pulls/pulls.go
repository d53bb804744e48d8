// Package pulls pulls images to many hosts in the background, and reports the progress to callers.
//
// Job. Start begins pulls of one image on many hosts and returns; they continue without the caller until they end or Cancel is
// called. Callers that pull the same image on the same host at the same time share one pull of the engine. The state is in
// memory, and dropped Options.Keep after the pull's end. With Options.Shared each pull has a row in the database, with which
// other replicas show, follow and cancel it (shared.go).
//
// Owner. main creates one Pulls and calls Close before the hosts are closed. Close ends all pulls under way; engines keep the
// layers that are complete.
package pulls

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx/images"
	"wharf/service"
	"wharf/util/apperr"
)

// The states of a pull, and of its hosts.
const (
	StateRunning   = "running"
	StateSucceeded = "succeeded"
	StateFailed    = "failed" // on some hosts
	StateCancelled = "cancelled"
)

// Options are the settings of New. The zero value of a field is its default.
type Options struct {
	// PerUser and Total are how many pulls may be under way for one user and in total. Default 8 and 64.
	PerUser, Total int
	// Keep is how long a pull can be looked up after its end. Default 1 h.
	Keep time.Duration
	// Shared is the database that replicas share. Nil: this process is the only one.
	Shared *db.DB
	Logger zerolog.Logger
}

// Pulls manages the pulls of a server. It is safe for concurrent use.
type Pulls struct {
	hosts  *service.Hosts
	opts   Options
	shared *shared
	life   context.Context //nolint:containedctx // ends with Close
	end    context.CancelFunc
	ended  sync.WaitGroup

	mu   sync.Mutex
	pull map[uuid.UUID]*pull
}

// New returns a Pulls. The caller must close it.
func New(hosts *service.Hosts, o Options) *Pulls {
	o.PerUser, o.Total, o.Keep = cmp.Or(o.PerUser, 8), cmp.Or(o.Total, 64), cmp.Or(o.Keep, time.Hour)
	life, end := context.WithCancel(context.Background())
	return &Pulls{hosts: hosts, opts: o, shared: newShared(o), life: life, end: end, pull: map[uuid.UUID]*pull{}}
}

// Close ends all pulls and returns when they have ended.
func (p *Pulls) Close() {
	p.mu.Lock()
	p.end()
	p.mu.Unlock()
	p.ended.Wait()
}

// Request is a pull of one image on some hosts.
type Request struct {
	Image    string
	Platform string // such as "linux/arm64"; empty: each engine's own
	Hosts    []string
}

var errNone = apperr.New(apperr.NotFound, "no such pull")

// Start begins a pull in the background. Errors: Invalid; NotFound or Forbidden for a host; TooMany; NotReady while the server
// stops.
func (p *Pulls) Start(ctx context.Context, actor service.Actor, r Request) (Pull, error) {
	ref, err := images.ParseRef(r.Image)
	if err != nil {
		return Pull{}, err
	}
	if err := images.CheckPlatform(r.Platform); err != nil {
		return Pull{}, err
	}
	if len(r.Hosts) == 0 {
		return Pull{}, apperr.New(apperr.Invalid, "hosts: say on which")
	}
	hosts, err := p.hosts.OpenWhole(ctx, actor, r.Hosts)
	if err != nil {
		return Pull{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Pull{}, fmt.Errorf("pull id: %w", err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	one := &pull{actor: actor, cancel: cancel, changed: make(chan struct{}), now: Pull{
		ID: id, Image: ref.String(), Platform: r.Platform, User: actor.Username, State: StateRunning, At: time.Now().UTC(),
	}}
	for _, name := range r.Hosts {
		one.now.Hosts = append(one.now.Hosts, HostPull{Host: name, State: StateRunning})
	}
	if err := p.enter(one); err != nil {
		cancel()
		return Pull{}, err
	}
	p.shared.clear(ctx)
	p.shared.write(ctx, one) // before Start returns: the caller's next request may reach another replica
	unlink := context.AfterFunc(p.life, cancel)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer unlink()
		one.run(life, hosts, ref)
	}()
	go func() {
		defer p.ended.Done()
		p.shared.follow(life, one, done)
		<-done
	}()
	return one.snapshot(), nil
}

// enter reserves a place for a pull within PerUser and Total, and drops old pulls. Errors: TooMany, NotReady.
func (p *Pulls) enter(one *pull) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	running, mine := 0, 0
	for id, other := range p.pull {
		switch s := other.snapshot(); {
		case !s.Finished.IsZero() && time.Since(s.Finished) > p.opts.Keep:
			delete(p.pull, id)
		case s.Finished.IsZero():
			running++
			if other.actor.UserID == one.actor.UserID {
				mine++
			}
		}
	}
	switch {
	case p.life.Err() != nil:
		return apperr.New(apperr.NotReady, "the server is stopping")
	case mine >= p.opts.PerUser || running >= p.opts.Total || len(p.pull) >= 100*p.opts.Total:
		return &apperr.Error{Kind: apperr.TooMany, Msg: "too many pulls are under way", RetryAfter: 10 * time.Second}
	}
	p.pull[one.now.ID] = one
	p.ended.Add(1)
	return nil
}

func (p *Pulls) find(id uuid.UUID) *pull {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pull[id]
}

// watch returns a pull of this or another replica, the user that started it, and a channel that is closed when the pull may
// have changed.
func (p *Pulls) watch(ctx context.Context, id uuid.UUID) (owner uuid.UUID, now Pull, changed <-chan struct{}, err error) {
	if one := p.find(id); one != nil {
		now, changed = one.watch()
		return one.actor.UserID, now, changed, nil
	}
	owner, now, err = p.shared.get(ctx, id)
	soon := make(chan struct{})
	time.AfterFunc(pollEvery, func() { close(soon) })
	return owner, now, soon, err
}

// Get returns a pull. For an actor that neither owns it nor is an admin, it has only the hosts whose containers the actor may
// all see. Errors: NotFound, also if there is no such host.
func (p *Pulls) Get(ctx context.Context, actor service.Actor, id uuid.UUID) (Pull, error) {
	owner, now, _, err := p.watch(ctx, id)
	if err != nil {
		return Pull{}, err
	}
	now = shown(owner, actor, now)
	if len(now.Hosts) == 0 {
		return Pull{}, errNone
	}
	return now, nil
}

// Cancel cancels a pull; one of another replica ends about a second later. It has no effect on a pull that has ended. Errors:
// NotFound; Forbidden for another user's pull unless the actor is an admin.
func (p *Pulls) Cancel(ctx context.Context, actor service.Actor, id uuid.UUID) (Pull, error) {
	owner, now, _, err := p.watch(ctx, id)
	if err != nil {
		return Pull{}, err
	}
	now = shown(owner, actor, now)
	switch {
	case len(now.Hosts) == 0:
		return Pull{}, errNone
	case !owned(owner, actor):
		return Pull{}, apperr.New(apperr.Forbidden, "another user's pull")
	}
	if one := p.find(id); one != nil {
		one.cancel()
		return one.snapshot(), nil
	}
	return now, p.shared.cancel(ctx, id)
}

// Follow calls see with each new state of a pull until the pull has ended. If states change faster than see returns, it skips
// all but the latest. Errors: NotFound, see's, ctx's.
func (p *Pulls) Follow(ctx context.Context, actor service.Actor, id uuid.UUID, see func(Pull) error) error {
	for {
		owner, now, changed, err := p.watch(ctx, id)
		if err != nil {
			return err
		}
		now = shown(owner, actor, now)
		if len(now.Hosts) == 0 {
			return errNone
		}
		if err := see(now); err != nil || !now.Finished.IsZero() {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
