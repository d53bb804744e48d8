package dockerx

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
)

// In events, an engine's attributes overwrite labels of the same names; the list has the labels.
func TestEventsHaveTheLabelsThatTheListShows(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	labels := map[string]string{"name": "mine", "team": "web"}
	id := d.Add(dockertest.Container{Name: "web", Labels: labels})
	got := make(chan events.Event, 64)
	f := fleetOf(t, Options{OnEvent: func(e events.Event) { got <- e }}, HostConfig{Name: "h", Addr: d.Addr()})
	running(t, f)
	h := f.Hosts()[0]
	require.Eventually(t, h.streamUp, time.Minute, time.Millisecond)
	_, err := h.List(t.Context())
	require.NoError(t, err)
	d.Emit(dockertest.NewMessage("container", "oom", id, map[string]string{"name": "web", "image": "i", "team": "web"}))
	for e := range got {
		if e.Action == "oom" {
			require.Equal(t, labels, e.Labels)
			require.Equal(t, "web", e.Attrs["name"])
			return
		}
	}
}
