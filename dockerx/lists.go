package dockerx

import (
	"context"
	"io"
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// List returns the host's containers: the cached list if it is newer than containers.MaxAge and no event has invalidated it,
// else a new one. Lists are cached because an engine answers only about 40 lists of 200 containers a second. Errors:
// apperr.Unavailable, apperr.Daemon.
func (h *Host) List(ctx context.Context) (*containers.List, error) {
	return h.lists.get(ctx, h, h.learnList)
}

// KeptList returns the cached list, of any age, if no event has invalidated it, else nil. Its status texts ("Up 2 minutes")
// may be outdated; see List.Aged.
func (h *Host) KeptList() *containers.List {
	if !h.streamUp() {
		return nil
	}
	return h.lists.still()
}

// CheckList reports whether the cached list is older than containers.MaxUnread. If so, it reads the list again in the
// background.
func (h *Host) CheckList() bool {
	list := h.lists.latest()
	if list == nil || time.Since(list.Read) < containers.MaxUnread {
		return false
	}
	h.lists.join(h, h.learnList) // the result is cached even if no caller waits for it
	return true
}

// keptCounts returns how many containers are in each state, or nil without a valid cached list.
func (h *Host) keptCounts() map[string]int {
	list := h.lists.still()
	if list == nil {
		return nil
	}
	return list.States()
}

// learnList reads the list and records the containers' labels.
func (h *Host) learnList(ctx context.Context) (*containers.List, error) {
	list, err := h.readList(ctx)
	if err == nil {
		h.labels.Learn(list.Containers)
	}
	return list, err
}

// readList asks the engine for its list, unless h.guard refuses because the last lists could not be read.
func (h *Host) readList(ctx context.Context) (*containers.List, error) {
	if err := h.guard.Refusal(); err != nil {
		return nil, err
	}
	return call(ctx, h, "list containers", h.readLimit, func(ctx context.Context, e engine.Reads) (*containers.List, error) {
		body, err := e.ContainerList(ctx)
		if err != nil {
			return nil, err
		}
		read, before := time.Now(), h.lists.latest()
		return guardedList(ctx, h, body, func(body io.Reader) (*containers.List, error) { return containers.Decode(body, before, read) })
	})
}

// guardedList decodes a list's body under h.guard, and closes it. The guard keeps a classified error for the callers that it
// refuses afterwards.
func guardedList[T any](ctx context.Context, h *Host, body io.ReadCloser, decode func(io.Reader) (T, error)) (T, error) {
	return containers.ReadGuarded(&h.guard, body, decode, func(err error) error { return classify(ctx, h.name, "list containers", err) })
}

// changesList reports whether an event invalidates the list. The actions are Docker's and Podman's.
func changesList(e events.Event) bool {
	if e.Kind == events.KindState {
		return false
	}
	if e.Kind != events.KindDocker {
		return true
	}
	if e.Type != "container" {
		return false
	}
	action, _, _ := strings.Cut(e.Action, ":")
	switch action {
	case "create", "start", "die", "died", "stop", "pause", "unpause", "rename", "destroy", "remove", "cleanup",
		"update", "health_status", "restart":
		return true
	}
	return false
}
