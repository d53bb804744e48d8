package dockerx

import (
	"context"
	"errors"
	"io"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Inspect returns one container as the engine has it now; it is never cached. Docker prefers a container's name to the
// prefix of another's id: use Resolve before changing the container that was found.
// Errors: apperr.NotFound, Invalid (a prefix of several ids), Unavailable, Daemon.
func (h *Host) Inspect(ctx context.Context, ref containers.Ref) (*containers.Details, error) {
	return h.inspect(ctx, ref.String())
}

// inspect is Inspect for an id that came from an engine or a reference that ParseRef has checked.
func (h *Host) inspect(ctx context.Context, id string) (*containers.Details, error) {
	if id == "" {
		return nil, apperr.New(apperr.Invalid, "missing container id or name")
	}
	return call(ctx, h, "inspect container", h.readLimit, func(ctx context.Context, e engine.Reads) (*containers.Details, error) {
		raw, err := e.ContainerInspect(ctx, id)
		if err != nil {
			return nil, err
		}
		return containers.FromInspect(&raw)
	})
}

// Resolve is Inspect for callers that will change the container. If the reference looks like an id but is the name of a
// container with another id, it returns apperr.Conflict.
func (h *Host) Resolve(ctx context.Context, ref containers.Ref) (*containers.Details, error) {
	d, err := h.Inspect(ctx, ref)
	if err != nil {
		return nil, err
	}
	if err := ref.CheckFound(d.ID); err != nil {
		return nil, err
	}
	return d, nil
}

// Top lists the processes of a container; id is its full id. It is never cached. The rows contain complete command lines.
// Errors: apperr.Conflict for a container that isn't running, NotFound, Unavailable, Daemon.
func (h *Host) Top(ctx context.Context, id string) (*containers.Processes, error) {
	return call(ctx, h, "list processes", h.readLimit, func(ctx context.Context, e engine.Reads) (*containers.Processes, error) {
		top, err := e.ContainerTop(ctx, id, nil)
		if errors.Is(err, io.EOF) {
			top, err = e.ContainerTop(ctx, id, []string{podmanColumns})
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, apperr.New(apperr.Conflict, "the engine names no processes of the container: is it running?")
		case err != nil:
			return nil, err
		}
		return containers.FromTop(top), nil
	})
}

// podmanColumns makes Podman read the processes itself: by default it runs the image's own ps, which few images have.
// If that fails, also because the container isn't running, Podman 4 answers 200 without a body.
const podmanColumns = "user,pid,ppid,pcpu,etime,tty,time,args"
