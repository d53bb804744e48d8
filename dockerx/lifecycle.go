package dockerx

import (
	"context"
	"errors"
	"time"

	"github.com/docker/docker/api/types/container"

	"wharf/util/apperr"
)

const (
	startTimeout = time.Minute
	defaultGrace = 10 * time.Second // Docker's own, where a container names none
	maxGrace     = time.Hour        // for those that ask for no end
	graceMargin  = 10 * time.Second
)

// Start starts the container with this full id. What was sent is not undone when ctx ends.
// Errors: apperr.Conflict (already started, paused), NotFound, Invalid, Unavailable, Daemon.
func (h *Host) Start(ctx context.Context, id string) error {
	return h.act(ctx, id, "start container", startTimeout, "container already started",
		func(ctx context.Context, e Engine) error {
			return startCall(ctx, e, id, Order{})
		})
}

// Stop stops the container with this full id, giving it timeout seconds before it is killed; nil
// means the container's own grace, a negative one no end. What was sent is not undone when ctx
// ends. Errors as for Start; apperr.Conflict when it isn't running.
func (h *Host) Stop(ctx context.Context, id string, timeout *int) error {
	limit := h.grace(ctx, id, timeout) + graceMargin
	return h.act(ctx, id, "stop container", limit, "container not running",
		func(ctx context.Context, e Engine) error {
			return stopCall(ctx, e, id, Order{Timeout: timeout})
		})
}

// act makes a call that changes a container. unchanged are Docker's words where it had nothing to do.
func (h *Host) act(ctx context.Context, id, doing string, limit time.Duration, unchanged string, f func(context.Context, Engine) error) error {
	if !fullIDPattern.MatchString(id) {
		return apperr.New(apperr.Invalid, "not a whole container id")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := do(context.WithoutCancel(ctx), h, doing, limit, func(ctx context.Context, e Engine) error {
		err := f(ctx, e)
		if errors.Is(err, errNotModified) {
			return apperr.Wrap(apperr.Conflict, errNotModified, "%s%s", daemonPrefix, unchanged)
		}
		return err
	})
	h.lists.drop() // also after an error: it may have happened all the same
	return err
}

// grace is how long a container has to end by itself.
func (h *Host) grace(ctx context.Context, id string, timeout *int) time.Duration {
	if timeout == nil {
		timeout = h.stopTimeout(ctx, id)
	}
	switch {
	case timeout == nil:
		return defaultGrace
	case *timeout < 0 || *timeout > int(maxGrace/time.Second):
		return maxGrace
	}
	return time.Duration(*timeout) * time.Second
}

// stopTimeout is the container's own setting. It only decides how long to wait for the answer, so
// an error here is no error: the call that follows will say it.
func (h *Host) stopTimeout(ctx context.Context, id string) *int {
	if !fullIDPattern.MatchString(id) {
		return nil
	}
	raw, err := call(ctx, h, "inspect container", h.readLimit, func(ctx context.Context, e Engine) (container.InspectResponse, error) {
		return e.ContainerInspect(ctx, id)
	})
	if err != nil || raw.Config == nil {
		return nil
	}
	return raw.Config.StopTimeout
}
