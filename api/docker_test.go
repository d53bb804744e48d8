package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// dockerMessage is the text of an error in the shape of Docker's API.
func (a answer) dockerMessage(t testing.TB) string {
	t.Helper()
	var failure map[string]string
	require.NoError(t, json.Unmarshal([]byte(a.body), &failure), a.body)
	require.Len(t, failure, 1, a.body)
	require.NotEmpty(t, failure["message"], a.body)
	return failure["message"]
}

func TestDockerPingAndVersion(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	for _, path := range []string{"/docker/ours/_ping", "/docker/ours/v1.41/_ping", "/docker/ours/v1.24/_ping"} {
		a := w.get(path)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, "OK", a.body)
		require.Equal(t, "1.41", a.header.Get("Api-Version"))
		require.Equal(t, "linux", a.header.Get("Ostype"))
		head := w.call("HEAD", path, w.admin, nil)
		require.Equal(t, http.StatusOK, head.status)
		require.Equal(t, "1.41", head.header.Get("Api-Version"))
	}
	a := w.get("/docker/ours/v1.40/version")
	require.Equal(t, http.StatusOK, a.status, a.body)
	var version struct{ Version, APIVersion, MinAPIVersion string }
	require.NoError(t, json.Unmarshal([]byte(a.body), &version))
	require.Equal(t, "20.10.24", version.Version)
	require.Equal(t, "1.41", version.APIVersion)
	require.Equal(t, "1.24", version.MinAPIVersion)
}

func TestDockerRefusals(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}, {Name: "other", Addr: d.Addr()}})
	viewer := w.person("viewer", "none")
	w.grant("viewer", "ours", "team=web", "viewer")
	before := touched(d)
	for _, c := range []struct {
		method, path, token string
		status              int
		says                string
	}{
		{"GET", "/docker/ours/_ping", "", http.StatusUnauthorized, "authentication required"},
		{"GET", "/docker/ours/no/such", "", http.StatusUnauthorized, "authentication required"},
		{"GET", "/docker/ours/no/such", viewer, http.StatusNotFound, "page not found"},
		{"GET", "/docker/ours", viewer, http.StatusNotFound, "/docker/HOST/"},
		{"GET", "/docker/other/_ping", viewer, http.StatusNotFound, "unknown host"},
		{"GET", "/docker/nowhere/_ping", viewer, http.StatusNotFound, "unknown host"},
		{"POST", "/docker/ours/build", viewer, http.StatusForbidden, "POST /build is not in the typed tier"},
		{"POST", "/docker/ours/v1.41/containers/create", w.admin, http.StatusForbidden, "scope docker"},
		{"GET", "/docker/ours/v1.23/_ping", viewer, http.StatusBadRequest, "client version 1.23 is too old. Minimum supported API version is 1.24"},
		{"GET", "/docker/ours/v1.99/_ping", viewer, http.StatusBadRequest, "client version 1.99 is too new. Maximum supported API version is 1.41"},
	} {
		a := w.call(c.method, c.path, c.token, nil)
		require.Equal(t, c.status, a.status, "%s %s: %s", c.method, c.path, a.body)
		require.Contains(t, a.dockerMessage(t), c.says)
	}
	require.Equal(t, before, touched(d), "a refused call reached the engine")
}
