package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
)

// Operate runs an operation on one container and waits for its end, even if ctx ends. Every change of a container goes
// through it, and no read does. If the container already has the requested state, Changed is false; only a strict operation
// returns an error then. Errors: Invalid for an operation without meaning, Conflict if the engine refuses.
func (h *Host) Operate(ctx context.Context, ref containers.Ref, o operations.Operation) (result operations.Result, err error) {
	err = h.act(ctx, o.Name, ref, func(ctx context.Context, d *containers.Details) error {
		if p, ok := o.Params.(operations.Recreate); ok {
			result, err = h.recreate(ctx, d, o, p)
		} else {
			result, err = h.host.Operate(context.WithoutCancel(ctx), d, o)
		}
		if err == nil && !result.Changed {
			return errNothingToDo
		}
		return err
	})
	if errors.Is(err, errNothingToDo) {
		err = nil
	}
	return result, err
}

// act calls do with the container that ref names, if the actor has the permission. It records one audit row in each case.
func (h *Host) act(ctx context.Context, verb string, ref containers.Ref, do func(context.Context, *containers.Details) error) error {
	d, err := h.resolveFor(ctx, verb, ref)
	if err != nil {
		return err
	}
	in := Intent{Action: actionPrefix + verb, Host: h.host.Name(), Target: h.partOf}
	in.ContainerID, in.ContainerName = d.ID, d.Name[min(1, len(d.Name)):]
	return h.audit.Record(ctx, h.actor, in, func(ctx context.Context, _ uuid.UUID) error { return do(ctx, d) })
}

// Authorize returns an error if the actor may not currently perform the operation verb on the container. For an actor with
// the permission on every container of the host, it doesn't check that the container exists. Errors: NotFound, Forbidden.
func (h *Host) Authorize(ctx context.Context, verb string, ref containers.Ref) error {
	if h.actor.everywhereOn(h.host.Name(), PermissionOf(verb)) {
		return nil
	}
	_, err := h.resolveFor(ctx, verb, ref)
	return err
}

// resolveFor is like resolve, for an operation: it records a failure in the audit.
func (h *Host) resolveFor(ctx context.Context, verb string, ref containers.Ref) (*containers.Details, error) {
	d, err := h.resolve(ctx, ref, PermissionOf(verb))
	if err != nil {
		in := Intent{Action: actionPrefix + verb, Host: h.host.Name(), ContainerName: ref.String(), Target: h.partOf}
		return nil, errors.Join(err, h.audit.RecordDone(ctx, h.actor, in, err))
	}
	return d, nil
}
