package service

import (
	"context"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/operations"
	"wharf/service/recreate"
	"wharf/util/apperr"
)

// UseRecreations sets the Recreations that runs recreate operations. It must be called before the first request.
func (s *Hosts) UseRecreations(r *recreate.Recreations) { s.recreations = r }

// recreate replaces a container. Changing the image requires the permission to run commands in the container, since the new
// image's program gets access to everything that the container has, including its secrets.
func (h *Host) recreate(ctx context.Context, d *containers.Details, o operations.Operation, p operations.Recreate) (operations.Result, error) {
	if err := o.Check(); err != nil {
		return operations.Result{}, err
	}
	if p.Image != "" && p.Image != d.ImageName && !h.may(Exec, d.Config.Labels) {
		return operations.Result{}, apperr.New(apperr.Forbidden, "not allowed: another image needs the right to run commands in the container")
	}
	if h.recreations == nil {
		return operations.Result{}, apperr.New(apperr.NotReady, "this server recreates no containers")
	}
	return h.recreations.Do(ctx, recreate.Request{
		Host: h.host, Details: d, Operation: o, UserID: h.actor.UserID, Username: h.actor.name(), Allow: h.allowSuccessor,
		Record: func(ctx context.Context, c recreate.Container, do func(context.Context) error) error {
			if h.partOf != "" {
				c.Target = h.partOf
			}
			return h.audit.recordRecreated(ctx, h.actor, c, do)
		},
	})
}

// allowSuccessor returns an error if the new image's labels would make the container one that the actor may not operate on.
func (h *Host) allowSuccessor(s *dockerx.Successor) error {
	if !h.may(Operate, s.Labels) {
		return apperr.New(apperr.Conflict, "with the new image's labels the container would be none that you may operate on")
	}
	return nil
}

// RecordRecreated returns the function that audits a user's recreations when they are resumed without the user's request.
func (a *Audit) RecordRecreated(userID uuid.UUID, username string) recreate.Record {
	actor := Actor{UserID: userID, Username: username, Anonymous: username == ""}
	return func(ctx context.Context, c recreate.Container, do func(context.Context) error) error {
		return a.recordRecreated(ctx, actor, c, do)
	}
}

func (a *Audit) recordRecreated(ctx context.Context, actor Actor, c recreate.Container, do func(context.Context) error) error {
	in := Intent{Action: actionPrefix + "recreate", Host: c.Host, ContainerID: c.ID, ContainerName: c.Name, Target: c.Target}
	return a.Record(ctx, actor, in, func(ctx context.Context, _ uuid.UUID) error { return do(ctx) })
}
