// Package recreate replaces a container by a new one with the same settings, from the image that its image name now refers to
// or from another image.
//
// Job. The new container is created under a temporary name while the old one runs. Then the old one is stopped and both are
// renamed. If a step fails, everything is undone: the old container has its name again and runs as before. The steps (steps.go)
// are a table of what each does and how it is undone. Both can safely be repeated, so that one loop works in every situation.
//
// Journal. Each step is written to the database before it begins. If the server ends during a recreation, the next server with
// its name resumes the recreation as soon as the host answers: it continues if the new container already had the final name, and
// undoes it otherwise.
//
// Owner. main creates one Recreations and runs it. Only package service calls Do; it checks the permission before.
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

// Container is a container that a recreation acts on, for the audit.
type Container struct {
	Host, ID, Name string
	Target         string // the target of the audit row; may be empty
}

// Record calls do and audits it as an action on a container.
type Record func(ctx context.Context, c Container, do func(context.Context) error) error

// Options are the settings of New.
type Options struct {
	// Server names this server across its restarts, like AuditOptions.Server of package service.
	Server string
	// Record returns the Record for resumed recreations, which audits them as actions of the user that started them.
	Record func(userID uuid.UUID, username string) Record
	Logger zerolog.Logger
	// Retry is the first pause before unfinished recreations are tried again. Default 5 s.
	Retry time.Duration
}

// Recreations runs the recreations of a server. It is safe for concurrent use.
type Recreations struct {
	db    *db.DB
	fleet *dockerx.Fleet
	opts  Options
	wake  chan struct{} // wakes Run to resume recreations; has room for one signal

	mu      sync.Mutex
	closing bool
	active  map[uuid.UUID]bool // the claimed recreations
}

// New returns a Recreations on a migrated database.
func New(d *db.DB, fleet *dockerx.Fleet, o Options) *Recreations {
	if o.Retry == 0 {
		o.Retry = 5 * time.Second
	}
	return &Recreations{db: d, fleet: fleet, opts: o, wake: make(chan struct{}, 1), active: map[uuid.UUID]bool{}}
}

// Close makes running recreations stop before their next step and undo their steps, unless the new container already has the
// final name. Those continue until the process ends; the next server resumes them. Close doesn't wait.
func (r *Recreations) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = true
}

// HostIsBack makes Run resume unfinished recreations now, since a host answers again. It doesn't block.
func (r *Recreations) HostIsBack() { r.wakeRun() }

func (r *Recreations) isClosing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closing
}

// Request is one recreation.
type Request struct {
	Host      *dockerx.Host
	Details   *containers.Details
	Operation operations.Operation // with operations.Recreate as Params
	UserID    uuid.UUID
	Username  string
	// Allow returns an error if the new container isn't allowed. It is called before anything changes.
	Allow func(*dockerx.Successor) error
	// Record audits the actions on the new container. The caller audits those on the old one.
	Record Record
}

// Do replaces a container. It returns when the new one is running or healthy, or after an error, when the old one is restored.
// It continues if ctx ends. Errors: the engine's, with the step that failed; Invalid; Conflict for a container that can't be
// replaced, or is already being replaced.
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

// prepare determines the settings of the new container, and pulls its image if requested. It changes nothing else.
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

// failedTo returns an error that begins with what failed, followed by the engine's message. NotFound and Invalid become
// Conflict: they aren't about the container or the parameters in the request.
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
