package dockerx

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

// The guard also bounds the cost of lists for Docker's tools from a hostile engine.
func TestRowsOfAHostileEngineAreBounded(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr()})
	row := `{"Id":"` + strings.Repeat("ab", 32) + `","Names":["/` + strings.Repeat("x", 3<<20) + `"]}`
	d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "["+row+"]") })
	_, err := h.Rows(t.Context(), true, false)
	require.Equal(t, apperr.Unavailable, apperr.KindOf(err), "%v", err)
	asked := len(d.Requests())
	_, err = h.Rows(t.Context(), true, false)
	require.Error(t, err)
	require.Len(t, d.Requests(), asked, "it isn't asked again at once")
}

func TestWireRefusesWhatInspectRefuses(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	web := d.Add(dockertest.Container{Name: "web"})
	d.Add(dockertest.Container{Name: "0123456789ab"})
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr()})
	c, err := h.Wire(t.Context(), ref(t, "web"), true)
	require.NoError(t, err)
	require.Equal(t, web, c.ID)
	require.Nil(t, c.ExecIDs)
	_, err = h.Wire(t.Context(), ref(t, "0123456789ab"), false)
	require.Equal(t, apperr.Conflict, apperr.KindOf(err), "the name of a container that looks like an id")
	_, err = h.Wire(t.Context(), ref(t, "nothing"), false)
	require.Equal(t, apperr.NotFound, apperr.KindOf(err))
}
