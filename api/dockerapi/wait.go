package dockerapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"wharf/api/stream"
	"wharf/dockerx/containers"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

// inspectEvery is how often a container is inspected while it is waited for, in case its event is missing.
const inspectEvery = 2 * time.Second

// waiter waits for the end of a container.
type waiter struct {
	call      *Call
	ref       containers.Ref // the whole id
	condition string
	began     containers.State // state at the beginning
	code      int              // exit code of the last end that was seen
	ended     bool             // an end was seen
}

// waitResult is the answer of POST /containers/{id}/wait.
type waitResult struct {
	StatusCode int
}

// wait sends the header at once, and the exit code when the container has ended, as Docker does.
func (a *API) wait(w http.ResponseWriter, r *http.Request, c *Call) error {
	ref, err := c.ref()
	if err != nil {
		return err
	}
	x := &waiter{call: c, condition: queryOf(r).text("condition")}
	switch x.condition {
	case "", "not-running", "next-exit", "removed":
	default:
		return apperr.New(apperr.Invalid, "invalid condition: %.60q", x.condition)
	}
	id, _, state, err := c.host.State(r.Context(), ref)
	if err != nil {
		return err
	}
	x.began, x.code = state, state.ExitCode
	if x.ref, err = containers.ParseRef(id); err != nil {
		return err
	}
	return a.Streams.Serve(w, r, a.Stream(c.actor, stream.JSONStream), func(ctx context.Context, out *stream.Writer) error {
		if err := x.wait(ctx, a); err != nil {
			return err
		}
		return out.Send(stream.Item{Data: encode(waitResult{x.code})})
	})
}

// wait waits for the condition. Events trigger an inspection; only the inspected state decides.
func (x *waiter) wait(ctx context.Context, a *API) error {
	wake := make(chan struct{}, 1)
	sub := a.Events.Subscribe(x.call.actor, eventlog.Subscribe{
		Filter: eventlog.Filter{Hosts: []string{x.call.Host}, Containers: []string{x.ref.String()}}, Wake: func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		},
	})
	defer sub.Close()
	tick := time.NewTicker(inspectEvery)
	defer tick.Stop()
	for page := make([]eventlog.Delivery, 0, 64); ; {
		_, _, state, err := x.call.host.State(ctx, x.ref)
		if done, err := x.met(state, err); done || err != nil {
			return err
		}
		select {
		case <-wake:
			more := true
			for more && err == nil {
				var deliveries []eventlog.Delivery
				deliveries, more, err = sub.Next(ctx, page)
				x.readExitCodes(deliveries)
				clear(deliveries)
			}
			if err != nil {
				return err
			}
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readExitCodes reads exit codes from events: if a container is restarted at once, an inspection no longer shows its exit code.
func (x *waiter) readExitCodes(deliveries []eventlog.Delivery) {
	for _, d := range deliveries {
		if d.Record == nil || d.Type != "container" || d.Action != "die" && d.Action != "died" {
			continue
		}
		if code, err := strconv.Atoi(d.Attrs["exitCode"]); err == nil {
			x.code, x.ended = code, true
		}
	}
}

// met reports whether the condition holds. A removed container has ended.
func (x *waiter) met(state containers.State, err error) (bool, error) {
	if apperr.KindOf(err) == apperr.NotFound {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if !state.Running && !state.Restarting {
		x.code = state.ExitCode
	}
	switch x.condition {
	case "removed":
		return false, nil
	case "next-exit":
		return x.ended || state.FinishedAt != x.began.FinishedAt, nil
	default:
		return x.ended || !state.Running, nil
	}
}
