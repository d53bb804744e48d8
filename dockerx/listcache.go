package dockerx

import (
	"context"
	"strings"
	"time"
)

// listMaxAge bounds how long a list is kept even if nothing happens: its status texts ("Up 5
// seconds") age by themselves.
const listMaxAge = time.Second

// List returns the host's containers: the list kept, if the host's events say that it is still
// true, else a new one: an engine manages some 40 lists of 200 containers a second. Errors: apperr.Unavailable,
// apperr.Daemon.
func (h *Host) List(ctx context.Context) (*List, error) {
	return h.lists.get(ctx, h, func(ctx context.Context) (*List, error) {
		list, err := h.readList(ctx)
		if err == nil {
			h.labels.learn(list.Containers)
		}
		return list, err
	})
}

// keptCounts returns how many containers are in each state, nil where that isn't known for sure.
func (h *Host) keptCounts() map[string]int {
	list := h.lists.still()
	if list == nil {
		return nil
	}
	return countStates(list)
}

// changesList reports whether an event makes a list untrue. Podman's words stand beside Docker's.
func changesList(e Event) bool {
	if e.Kind == KindState {
		return false
	}
	if e.Kind != KindDocker {
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
