package service

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"wharf/dockerx"
)

// Operate carries out an operation, waiting included, whether or not the caller stays. A state that
// was there already is no error unless it is strict: Changed is false. Errors: Invalid for an operation that makes no
// sense, Conflict where the daemon refuses.
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
// row of it, whatever comes of it.
func (h *Host) act(ctx context.Context, verb string, ref dockerx.Ref, do func(context.Context, *dockerx.Details) error) error {
	in := Intent{Action: actionPrefix + verb, Host: h.host.Name(), ContainerName: ref.String()}
	d, err := h.resolve(ctx, ref, Operate)
	if err != nil {
		return errors.Join(err, h.audit.Note(ctx, h.actor, in, err))
	}
	in.ContainerID, in.ContainerName = d.ID, d.Name[min(1, len(d.Name)):]
	return h.audit.Do(ctx, h.actor, in, func(ctx context.Context, _ uuid.UUID) error { return do(ctx, d) })
}
