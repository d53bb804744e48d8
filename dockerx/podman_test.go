package dockerx

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
	"wharf/util/apperr"
)

func TestPodmansConflictIsNoFailureOfTheDaemon(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	d.Handle("POST /containers/{id}/start", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"cause":"container state improper","message":"container x must be in Created or Stopped state to be started: container state improper","response":500}`))
	}))
	requireError(t, start(context.Background(), h, id), apperr.Conflict,
		"Error response from daemon: container x must be in Created or Stopped state to be started: container state improper")
}

func TestLifeOnARealEngineIsToldInEvents(t *testing.T) {
	t.Parallel()
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			seen := map[string][]events.Event{}
			f := fleetOf(t, Options{OnEvent: func(ev events.Event) {
				mu.Lock()
				defer mu.Unlock()
				seen[ev.ActorID] = append(seen[ev.ActorID], ev)
			}}, engineConfig(e))
			running(t, f)
			require.Eventually(t, f.Hosts()[0].streamUp, time.Minute, 10*time.Millisecond)
			id := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "3"}})
			require.Equal(t, 3, e.AwaitExit(t, id))
			e.Remove(t, id)
			want := []string{"create", "start", "die", "destroy"}
			require.Eventually(t, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return follow(want, seen[id])
			}, time.Minute, 10*time.Millisecond, "%v", seen)
			mu.Lock()
			defer mu.Unlock()
			for _, ev := range seen[id] {
				if dockersAction(ev.Action) == "die" {
					require.Contains(t, []string{ev.Attrs["exitCode"], ev.Attrs["containerExitCode"]}, "3")
				}
			}
		})
	}
}

// follow reports whether the events contain the actions, in this order.
func follow(actions []string, events []events.Event) bool {
	for _, ev := range events {
		if len(actions) > 0 && dockersAction(ev.Action) == actions[0] {
			actions = actions[1:]
		}
	}
	return len(actions) == 0
}

// dockersAction returns Docker's name for an action of Podman.
func dockersAction(action string) string {
	switch action {
	case "died":
		return "die"
	case "remove":
		return "destroy"
	}
	return action
}
