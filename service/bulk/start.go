package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/service"
	"wharf/util/apperr"
)

// Start starts an operation in the background and returns it with its targets. Errors: Invalid; NotFound for an unknown host,
// or if the filter selects no container that the actor may operate on; TooMany; NotReady while the server stops.
func (b *Bulk) Start(ctx context.Context, actor service.Actor, r Request) (Operation, error) {
	if err := r.check(); err != nil {
		return Operation{}, err
	}
	found, hosts, err := b.hosts.Targets(ctx, actor, r.Operation.Name, r.Select)
	switch {
	case err != nil:
		return Operation{}, err
	case len(found) > maxTargets:
		return Operation{}, apperr.New(apperr.Invalid, "select: %d containers, %d at most", len(found), maxTargets)
	case r.DryRun:
		op := newOperation(&r, found, hosts)
		op.State = StatePlanned
		return op, nil
	case len(found) == 0:
		return Operation{}, apperr.New(apperr.NotFound, "nothing is selected that you may %s", r.Operation.Name)
	}
	op := newOperation(&r, found, hosts)
	op.State, op.At, op.User = StateRunning, db.Time(time.Now()), actor.Username
	if op.ID, err = uuid.NewV7(); err != nil {
		return Operation{}, fmt.Errorf("operation id: %w", err)
	}
	j := newRun(op.ID, actor, r, found)
	if err := b.enter(j); err != nil {
		return Operation{}, err
	}
	if err := b.create(ctx, j, op.At); err != nil {
		b.leave(j)
		return Operation{}, err
	}
	go b.carryOut(context.WithoutCancel(ctx), j)
	return op, nil
}

func newOperation(r *Request, found []service.HostedContainer, hosts []service.HostResult) Operation {
	op := Operation{Operation: r.Operation.Name, Hosts: hosts, Targets: make([]Target, len(found))}
	for i, c := range found {
		op.Targets[i] = Target{Host: c.Host, ID: c.ID, Name: c.Name, State: StateWaiting}
	}
	return op
}

// enter reserves a place for a run within PerUser and Total. The caller must call leave later. Errors: TooMany, NotReady.
func (b *Bulk) enter(j *run) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	mine := 0
	for _, other := range b.running {
		if other.actor.UserID == j.actor.UserID {
			mine++
		}
	}
	switch {
	case b.closed:
		return apperr.New(apperr.NotReady, "the server is stopping")
	case mine >= b.opts.PerUser || len(b.running) >= b.opts.Total:
		return &apperr.Error{Kind: apperr.TooMany, Msg: "too many operations are under way", RetryAfter: 10 * time.Second}
	}
	b.running[j.id] = j
	b.ended.Add(1)
	return nil
}

func (b *Bulk) leave(j *run) {
	b.mu.Lock()
	delete(b.running, j.id)
	b.mu.Unlock()
	b.ended.Done()
}

// create stores an operation before it starts.
func (b *Bulk) create(ctx context.Context, j *run, at time.Time) error {
	request, err := json.Marshal(j.request)
	if err != nil {
		return fmt.Errorf("encode an operation's request: %w", err)
	}
	err = b.db.InTx(ctx, func(q *sqlc.Queries) error {
		err := q.CreateBulkOperation(ctx, sqlc.CreateBulkOperationParams{
			ID: j.id, At: at, UserID: j.actor.UserID, Username: j.actor.Username, Server: b.opts.Server,
			Operation: j.request.Operation.Name, Request: string(request), State: StateRunning,
		})
		for i, c := range j.targets {
			if err != nil {
				break
			}
			labels, _ := json.Marshal(c.Labels)
			err = q.CreateBulkTarget(ctx, sqlc.CreateBulkTargetParams{
				OperationID: j.id, Position: int32(i), Host: c.Host, ContainerID: c.ID, ContainerName: c.Name,
				Labels: string(labels), State: StateWaiting,
			})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store an operation: %w", err)
	}
	return nil
}
