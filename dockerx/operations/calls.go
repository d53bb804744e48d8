package operations

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/engine"
)

// engineCall is the engine call of a row, with the type of its parameters.
type engineCall struct {
	params Params // the zero value of its type
	do     func(ctx context.Context, e engine.Changes, id string, p Params) error
}

// taking returns the engine call of a row, made from a function that takes its own type of parameters.
func taking[P Params](call func(ctx context.Context, e engine.Changes, id string, p P) error) engineCall {
	var params P
	return engineCall{params, func(ctx context.Context, e engine.Changes, id string, p Params) error {
		return call(ctx, e, id, p.(P)) //nolint:forcetypeassert // checked by of
	}}
}

// of returns the checked parameters of an Operation; nil ones count as zero values. Parameters of another type are a bug in
// the program, and a plain error.
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

// inSteps is the call of recreate, which consists of many calls: it only returns an error.
func inSteps(context.Context, engine.Changes, string, Recreate) error {
	return errors.New("recreate isn't one call: package service/recreate takes its steps")
}
