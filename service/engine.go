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

// ActionDocker is a call of Docker's API that was forwarded to an engine. Its audit row has the method and path as target,
// and the status of the answer as detail.
const ActionDocker = "docker"

// Engine is a host's engine, for an actor that may send it any call.
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

// fullID matches a container's full id.
var fullID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Raw forwards a call to the engine and calls pass with the answer, to send it to the client. pass need not close the
// answer's body. container is the container that the path names, or empty. The audit row is written before the call, and
// completed with the answer's status after pass returns; it has no bodies and no queries. Raw returns pass's error, or the
// error of a call without an answer.
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

// answeredError gives the audit the status of an engine's answer; 400 and above is a failure.
type answeredError struct{ status int }

func (e *answeredError) Error() string { return fmt.Sprintf("status %d", e.status) }
