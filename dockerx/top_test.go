package dockerx

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func TestProcessesOnRealEngines(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep", "1h"}})
		var p *containers.Processes
		require.Eventually(t, func() bool { // a new container's process is "runc init" for a moment
			var err error
			p, err = h.Top(t.Context(), id)
			require.NoError(t, err)
			return !strings.Contains(fmt.Sprint(p.Rows), "runc init")
		}, time.Minute, 10*time.Millisecond)
		command := slices.IndexFunc(p.Titles, func(s string) bool { return s == "CMD" || s == "COMMAND" })
		require.GreaterOrEqual(t, command, 0, p.Titles)
		require.Len(t, p.Rows, 1)
		require.Len(t, p.Rows[0], len(p.Titles))
		require.Contains(t, p.Rows[0][command], "sleep 1h")

		e.Stop(t, id)
		_, err := h.Top(t.Context(), id)
		require.Equal(t, apperr.Conflict, apperr.KindOf(err), "%v", err)
	})
}

// Podman 4 answers without a body if it can't run the image's ps, and also if the container isn't running.
func TestEmptyAnswerAboutProcessesIsAskedForAnotherWay(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	running := true
	d.Handle("GET /containers/{id}/top", func(w http.ResponseWriter, r *http.Request) {
		if running && r.URL.Query().Get("ps_args") != "" {
			_, _ = w.Write([]byte(`{"Titles":["PID","COMMAND"],"Processes":[["1","/app sleep"]]}`))
		}
	})
	p, err := h.Top(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"1", "/app sleep"}}, p.Rows)
	running = false
	_, err = h.Top(t.Context(), id)
	require.Equal(t, apperr.Conflict, apperr.KindOf(err), "%v", err)
	require.Equal(t, HostUp, h.Status().State)
}
