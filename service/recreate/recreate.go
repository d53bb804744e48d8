// Package recreate replaces a container by a new one like it, of the image that its name means now or of another.
//
// Job. The new container is created under a name of its own while the old one runs; then the old one stops and both change
// names. What fails is undone: the old container is back under its name, running as before. The steps (steps.go) are a table
// with what each does and what undoes it; both can be done again without harm, so that one loop serves whatever happened
// before.
//
// Journal. Each step is in the database before it begins. What the end of a server cuts off is taken up by the next server
// of that name, as soon as the host answers: it goes on where the new container had its name already, else it undoes.
//
// Owner. main makes one Recreations and runs it; package service alone calls Do, and checks permission beforehand.
package recreate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/db"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// Container is what a recreation does something to, for the audit.
type Container struct {
	Host, ID, Name string
	Target         string // what the audit says beside it; may be empty
}

// Record calls do, and records it as an action on a container.
type Record func(ctx context.Context, c Container, do func(context.Context) error) error

// Options are the settings of New.
type Options struct {
	// Server names this server across its restarts, as the audit's does.
	Server string
	// Record records what is taken up after the end of a server, as an action of the user that began it.
	Record func(userID uuid.UUID, username string) Record
	Logger zerolog.Logger
	// Retry is how soon what couldn't be taken up is tried again. Default 5 s.
	Retry time.Duration
}

// Recreations are the recreations of a server. It is safe for concurrent use.
type Recreations struct {
	db    *db.DB
	fleet *dockerx.Fleet
	opts  Options
	wake  chan struct{} // holds a token when there is something to take up

	mu      sync.Mutex
	closing bool
	active  map[uuid.UUID]bool // those that are being worked on
}

// New makes Recreations on a migrated database.
func New(d *db.DB, fleet *dockerx.Fleet, o Options) *Recreations {
	if o.Retry == 0 {
		o.Retry = 5 * time.Second
	}
	return &Recreations{db: d, fleet: fleet, opts: o, wake: make(chan struct{}, 1), active: map[uuid.UUID]bool{}}
}

// Close has recreations that have not stopped the old container stop and undo what they did. Others go on while the process
// lives; the next server takes them up.
func (r *Recreations) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = true
}

// HostIsBack has Run take up what is left at once: a host that was away answers. It doesn't block.
func (r *Recreations) HostIsBack() { r.leave() }

func (r *Recreations) isClosing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closing
}

// Request is one recreation.
type Request struct {
	Host      *dockerx.Host
	Details   *containers.Details
	Operation operations.Operation // with Recreate as parameters
	UserID    uuid.UUID
	Username  string
	// Allow returns an error for a new container that isn't to be, before anything changes.
	Allow func(*dockerx.Successor) error
	// Record is for the new container: the caller has recorded the old one.
	Record Record
}

// Do replaces a container, and returns when the new one is running or healthy, or the old one is back. It goes on if ctx
// ends. Errors: those of the engine, with the step that failed; Invalid; Conflict for a container that can't be replaced, or
// is being replaced already.
func (r *Recreations) Do(ctx context.Context, q Request) (operations.Result, error) {
	if err := q.Operation.Check(); err != nil {
		return operations.Result{}, err
	}
	ctx = context.WithoutCancel(ctx)
	j, err := r.prepare(ctx, &q)
	if err != nil {
		return operations.Result{}, err
	}
	if err := r.begin(ctx, j, &q); err != nil {
		return operations.Result{}, err
	}
	defer r.release(j)
	if err := r.carryOut(ctx, j); err != nil {
		return operations.Result{}, err
	}
	if !j.Running {
		j.after = containers.State{Status: "created"}
	}
	return operations.Result{Changed: true, Before: q.Details.State, After: j.after, Reached: true, NewID: j.New}, nil
}

// prepare reads what the new container will be, and pulls its image. It changes nothing but images.
func (r *Recreations) prepare(ctx context.Context, q *Request) (*job, error) {
	p, _ := q.Operation.Params.(operations.Recreate)
	if isOwn(q.Details.ID) {
		return nil, apperr.New(apperr.Conflict, "wharf runs in this container: it would end with it")
	}
	b, err := q.Host.Blueprint(ctx, q.Details)
	if err != nil {
		return nil, failedTo("read the container", err)
	}
	image := imageOf(q.Details, p)
	if p.Pull {
		if err := pull(ctx, q.Host, image, b.Platform()); err != nil {
			return nil, failedTo("pull the image", err)
		}
	}
	s, err := q.Host.Successor(ctx, b, image)
	if err != nil {
		return nil, failedTo("read the image", err)
	}
	if err := q.Allow(s); err != nil {
		return nil, err
	}
	wait := q.Operation.Wait
	switch {
	case wait == "healthy" && !s.Health:
		return nil, apperr.New(apperr.Invalid, "wait: the new container has no health check")
	case wait == "" && s.Health:
		wait = "healthy"
	case wait == "":
		wait = "running"
	}
	j := newJob(q, s)
	j.Restart, j.Wait, j.Limit = b.RestartPolicy, wait, q.Operation.Limit
	return j, nil
}

// failedTo says what failed, in front of the engine's own words. What the engine has no such thing of is no fault of the
// request's path.
func failedTo(what string, err error) error {
	e, ok := apperr.As(err)
	if !ok {
		return fmt.Errorf("%s: %w", what, err)
	}
	kind := e.Kind
	if kind == apperr.NotFound || kind == apperr.Invalid {
		kind = apperr.Conflict
	}
	return &apperr.Error{Kind: kind, Msg: "cannot " + what + ": " + e.Msg, Err: err, RetryAfter: e.RetryAfter}
}
