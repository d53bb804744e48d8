package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"wharf/dockerx"
)

// Operate carries out an operation on one container, waiting included, whether or not the caller stays: every change of
// a container goes through here, and nothing that only reads does. A state that was there already is no error unless it
// is strict: Changed is false. Errors: Invalid for an operation that makes no sense, Conflict where the engine refuses.
func (h *Host) Operate(ctx context.Context, ref dockerx.Ref, o dockerx.Operation) (result dockerx.Result, err error) {
	err = h.act(ctx, o.Name, ref, func(ctx context.Context, d *dockerx.Details) error {
		result, err = h.host.Operate(context.WithoutCancel(ctx), d, o)
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

// act does something to the container that is meant, if the actor may. The audit log has one
// row of it, whatever comes of it. It stands beneath Operate, for what becomes an audit row but isn't one engine call.
func (h *Host) act(ctx context.Context, verb string, ref dockerx.Ref, do func(context.Context, *dockerx.Details) error) error {
	d, err := h.resolveFor(ctx, verb, ref)
	if err != nil {
		return err
	}
	in := Intent{Action: actionPrefix + verb, Host: h.host.Name()}
	in.ContainerID, in.ContainerName = d.ID, d.Name[min(1, len(d.Name)):]
	return h.audit.Record(ctx, h.actor, in, func(ctx context.Context, _ uuid.UUID) error { return do(ctx, d) })
}

// Authorize refuses an action that the actor may not take on the container now, and does nothing else. An
// actor who may do so on every container of the host isn't asked for one that exists. Errors: NotFound,
// Forbidden.
func (h *Host) Authorize(ctx context.Context, verb string, ref dockerx.Ref) error {
	if h.actor.everywhereOn(h.host.Name(), PermissionOf(verb)) {
		return nil
	}
	_, err := h.resolveFor(ctx, verb, ref)
	return err
}

// resolveFor is resolve for an action, with an audit row where that fails.
func (h *Host) resolveFor(ctx context.Context, verb string, ref dockerx.Ref) (*dockerx.Details, error) {
	d, err := h.resolve(ctx, ref, PermissionOf(verb))
	if err != nil {
		in := Intent{Action: actionPrefix + verb, Host: h.host.Name(), ContainerName: ref.String()}
		return nil, errors.Join(err, h.audit.RecordDone(ctx, h.actor, in, err))
	}
	return d, nil
}
