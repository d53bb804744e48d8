package dockerx

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

// What engines of all versions send is read, and nothing of another container comes along.
func TestRowsAsDockerHasThem(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("ab", 32)
	rows, err := decodeRows(strings.NewReader(`[
		{"Id":"` + id + `","Names":["/other/alias","/web"],"Created":1,"State":"stopped","Ports":null,"NetworkSettings":{"Networks":{"x":null}}},
		{"Id":"` + strings.Repeat("cd", 32) + `","Names":null,"Created":2,"ExecSecret":"x","State":"running","HostConfig":{"NetworkMode":"host","X":1}}]`))
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []string{"/cdcdcdcdcdcd"}, rows[0].Names, "the newest first")
	require.Equal(t, []string{"/web"}, rows[1].Names)
	require.Equal(t, "exited", rows[1].State, "Podman's word in Docker's")
	shown, err := json.Marshal(rows[0])
	require.NoError(t, err)
	require.NotContains(t, string(shown), "ExecSecret")
	for _, bad := range []string{`{}`, `[{"Id":"../images"}]`, `[{"Id":1}]`, `[`, `[{"Id":"` + id + `","Labels":{"a":1}}]`} {
		_, err := decodeRows(strings.NewReader(bad))
		require.Error(t, err, bad)
	}
	none, err := decodeRows(strings.NewReader("null"))
	require.NoError(t, err)
	require.NotNil(t, none)
}

// Lists for Docker's tools cost no more of a hostile engine than others do.
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
	c, err := h.Wire(t.Context(), Ref{"web"}, true)
	require.NoError(t, err)
	require.Equal(t, web, c.ID)
	require.Nil(t, c.ExecIDs)
	_, err = h.Wire(t.Context(), Ref{"0123456789ab"}, false)
	require.Equal(t, apperr.Conflict, apperr.KindOf(err), "the name of a container that looks like an id")
	_, err = h.Wire(t.Context(), Ref{"nothing"}, false)
	require.Equal(t, apperr.NotFound, apperr.KindOf(err))
}
