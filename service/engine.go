package service

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"wharf/dockerx"
	"wharf/util/apperr"
)

// ActionDocker is a call of Docker's API that was passed on to an engine; its row has method and path as Target, and the
// status of the answer as detail.
const ActionDocker = "docker"

// Engine is a host's engine for an actor that may use it as it likes.
type Engine struct {
	host  *dockerx.Host
	actor Actor
	audit *Audit
}

// OpenEngine returns the engine of a host. Errors: Forbidden unless the actor may use engines, NotFound.
func (s *Hosts) OpenEngine(ctx context.Context, actor Actor, name string) (*Engine, error) {
	if !actor.MayUseEngines() {
		return nil, s.Deny(ctx, actor, Intent{Action: ActionRefused, Host: name})
	}
	h, ok := s.fleet.Host(name)
	if !ok {
		return nil, apperr.New(apperr.NotFound, "unknown host")
	}
	return &Engine{host: h, actor: actor, audit: s.audit}, nil
}

// fullID is what an engine names a container by.
var fullID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Raw passes a call on and has pass give the client the answer, whose body it need not close. container is the container
// that the path names, if it does. The audit has a row of the call before it is made, and the answer's status after it has
// ended; bodies and queries are nowhere. The error is pass's, or what kept the call from being answered.
func (e *Engine) Raw(ctx context.Context, c dockerx.RawCall, container string, pass func(dockerx.RawAnswer) error) error {
	in := Intent{Action: ActionDocker, Host: e.host.Name(), Target: c.Method + " " + c.Path, ContainerName: container}
	if fullID.MatchString(container) {
		in.ContainerID, in.ContainerName = container, ""
	}
	var passed error
	err := e.audit.Record(ctx, e.actor, in, func(ctx context.Context, _ uuid.UUID) error {
		answer, err := e.host.Raw(ctx, c)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		passed = pass(answer)
		return &answeredError{answer.Status}
	})
	if answered := (*answeredError)(nil); errors.As(err, &answered) {
		return passed
	}
	return err
}

// answeredError is what an engine answered, for the audit: a failure from 400 on.
type answeredError struct{ status int }

func (e *answeredError) Error() string { return fmt.Sprintf("status %d", e.status) }
