package operations

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/engine"
)

// engineCall is the engine call of a row, and the type of the parameters that it takes.
type engineCall struct {
	params Params // without values
	do     func(ctx context.Context, e engine.Changes, id string, p Params) error
}

// taking makes the engine call of a row from a function of its own type of parameters.
func taking[P Params](call func(ctx context.Context, e engine.Changes, id string, p P) error) engineCall {
	var params P
	return engineCall{params, func(ctx context.Context, e engine.Changes, id string, p Params) error {
		return call(ctx, e, id, p.(P)) //nolint:forcetypeassert // checked by of
	}}
}

// of returns the parameters of an Operation, those without values for nil. Another operation's are a mistake of the
// program.
func (c engineCall) of(o Operation) (Params, error) {
	if o.Params == nil {
		return c.params, c.params.check()
	}
	if reflect.TypeOf(o.Params) != reflect.TypeOf(c.params) {
		return nil, fmt.Errorf("operation %s takes %T, got %T", o.Name, c.params, o.Params)
	}
	return o.Params, o.Params.check()
}

func startCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerStart(ctx, id, container.StartOptions{})
}

func stopCall(ctx context.Context, e engine.Changes, id string, p Stop) error {
	return e.ContainerStop(ctx, id, container.StopOptions{Timeout: p.Timeout, Signal: p.Signal})
}

func restartCall(ctx context.Context, e engine.Changes, id string, p Stop) error {
	return e.ContainerRestart(ctx, id, container.StopOptions{Timeout: p.Timeout, Signal: p.Signal})
}

func pauseCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerPause(ctx, id)
}

func unpauseCall(ctx context.Context, e engine.Changes, id string, _ None) error {
	return e.ContainerUnpause(ctx, id)
}

func killCall(ctx context.Context, e engine.Changes, id string, p Kill) error {
	return e.ContainerKill(ctx, id, p.Signal)
}

func renameCall(ctx context.Context, e engine.Changes, id string, p Rename) error {
	return e.ContainerRename(ctx, id, p.Name)
}

func updateCall(ctx context.Context, e engine.Changes, id string, p Update) error {
	return e.ContainerUpdate(ctx, id, p.config())
}

func removeCall(ctx context.Context, e engine.Changes, id string, p Remove) error {
	return e.ContainerRemove(ctx, id, container.RemoveOptions{Force: p.Force, RemoveVolumes: p.Volumes})
}

// inSteps stands for the many calls of recreate.
func inSteps(context.Context, engine.Changes, string, Recreate) error {
	return errors.New("recreate isn't one call: package service/recreate takes its steps")
}
