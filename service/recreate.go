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

// UseRecreations has operations of the name recreate done by r.
func (s *Hosts) UseRecreations(r *recreate.Recreations) { s.recreations = r }

// recreate replaces a container. Another image than the one that the container names takes the right to run commands in it:
// the image's program gets all that the container has, its secrets too.
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

// allowSuccessor keeps a new image's labels from taking a container out of the caller's reach.
func (h *Host) allowSuccessor(s *dockerx.Successor) error {
	if !h.may(Operate, s.Labels) {
		return apperr.New(apperr.Conflict, "with the new image's labels the container would be none that you may operate on")
	}
	return nil
}

// RecordRecreated returns what records the actions of a user's recreations that are taken up without the user.
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
