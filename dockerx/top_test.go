package dockerx

import (
	"slices"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func TestProcessesOnRealEngines(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep", "1h"}})
		p, err := h.Top(t.Context(), id)
		require.NoError(t, err)
		command := slices.IndexFunc(p.Titles, func(s string) bool { return s == "CMD" || s == "COMMAND" })
		require.GreaterOrEqual(t, command, 0, p.Titles)
		require.Len(t, p.Rows, 1)
		require.Len(t, p.Rows[0], len(p.Titles))
		require.Contains(t, p.Rows[0][command], "sleep 1h")

		e.Stop(t, id)
		_, err = h.Top(t.Context(), id)
		require.Equal(t, apperr.Conflict, apperr.KindOf(err), "%v", err)
	})
}

func TestStrangeProcessesAreEvenedOut(t *testing.T) {
	t.Parallel()
	p := processesOf(container.TopResponse{Titles: []string{"PID", "CMD"}, Processes: [][]string{{"1"}, {"2", "a", "b"}, nil}})
	require.Equal(t, [][]string{{"1", ""}, {"2", "a b"}, {"", ""}}, p.Rows)
	p = processesOf(container.TopResponse{})
	require.NotNil(t, p.Titles)
	require.NotNil(t, p.Rows)
	p = processesOf(container.TopResponse{Processes: [][]string{{"1"}}})
	require.Equal(t, [][]string{{}}, p.Rows)
}
