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

// List returns the host's containers: the list kept, if the host's events say that it is still
// true, else a new one: an engine manages some 40 lists of 200 containers a second. Errors: apperr.Unavailable,
// apperr.Daemon.
func (h *Host) List(ctx context.Context) (*containers.List, error) {
	return h.lists.get(ctx, h, h.learnList)
}

// KeptList returns the list that is kept, whatever its age, while the host's events say that it is still true but for its
// status texts; else nil. See List.Aged.
func (h *Host) KeptList() *containers.List {
	if !h.streamUp() {
		return nil
	}
	return h.lists.still()
}

// CheckList has the list that is kept read again in the background if it is a minute old, and reports whether it is.
func (h *Host) CheckList() bool {
	list := h.lists.latest()
	if list == nil || time.Since(list.Read) < containers.MaxUnread {
		return false
	}
	h.lists.join(h, h.learnList) // what it reads is kept, whether a caller waits for it or not
	return true
}

// keptCounts returns how many containers are in each state, nil where that isn't known for sure.
func (h *Host) keptCounts() map[string]int {
	list := h.lists.still()
	if list == nil {
		return nil
	}
	return list.States()
}

// learnList reads the list, and learns the containers' labels.
func (h *Host) learnList(ctx context.Context) (*containers.List, error) {
	list, err := h.readList(ctx)
	if err == nil {
		h.labels.Learn(list.Containers)
	}
	return list, err
}

// readList asks the host for its list, unless one could not be read a moment ago.
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

// guardedList reads an answer of the list, and closes it; what went wrong is classified for those that aren't let in now.
func guardedList[T any](ctx context.Context, h *Host, body io.ReadCloser, decode func(io.Reader) (T, error)) (T, error) {
	return containers.ReadGuarded(&h.guard, body, decode, func(err error) error { return classify(ctx, h.name, "list containers", err) })
}

// changesList reports whether an event makes a list untrue. Podman's words stand beside Docker's.
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
