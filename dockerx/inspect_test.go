package dockerx

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func TestInspectTakesIDPrefixAndName(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	ninety := 90
	id := d.Add(dockertest.Container{Name: "web", Env: []string{"A=b"}, StopTimeout: &ninety})
	for _, s := range []string{id, id[:12], id[:5], "web", "/web"} {
		found, err := h.Resolve(context.Background(), ref(t, s))
		require.NoError(t, err, s)
		require.Equal(t, id, found.ID)
		require.Equal(t, "/web", found.Name)
		require.Equal(t, []string{"A=b"}, found.Config.Env)
		require.Equal(t, ninety, *found.StopTimeout)
	}
}

func TestInspectLeavesNothingNil(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := strings.Repeat("c", 64)
	for _, body := range []string{
		`{"Id":"` + id + `"}`,
		`{"Id":"` + id + `","State":null,"Config":null,"NetworkSettings":null,"Mounts":null}`,
		`{"Id":"` + id + `","State":{},"Config":{"Env":null},"NetworkSettings":{"Networks":{"x":null},"Ports":{"80/tcp":null}}}`,
	} {
		d.Handle("GET /containers/{id}/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		found, err := h.Inspect(context.Background(), ref(t, "x"))
		require.NoError(t, err, body)
		require.NotNil(t, found.Config.Env)
		require.NotNil(t, found.Config.Cmd)
		require.NotNil(t, found.Config.Entrypoint)
		require.NotNil(t, found.Config.Labels)
		require.NotNil(t, found.Mounts)
		require.NotNil(t, found.Network.Networks)
		require.NotNil(t, found.Network.Ports)
		for _, bindings := range found.Network.Ports {
			require.Equal(t, []containers.PortBinding{}, bindings)
		}
	}
}

func TestAddressesComeFromTheFirstNetworkThatHasOne(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.Add(dockertest.Container{
		Name: "web",
		Networks: map[string]*network.EndpointSettings{
			"zeta":  {IPAddress: "10.9.0.2", Gateway: "10.9.0.1", MacAddress: "02:00"},
			"beta":  {IPAddress: "10.1.0.2", Gateway: "10.1.0.1", MacAddress: "02:01", NetworkID: "n1"},
			"alpha": {NetworkID: "n0"},
		},
		Ports:  nat.PortMap{"80/tcp": nil, "443/tcp": {{HostIP: "0.0.0.0", HostPort: "8443"}}},
		Mounts: []container.MountPoint{{Type: "bind", Source: "/a", Destination: "/b", Mode: "ro"}},
	})
	found, err := h.Inspect(context.Background(), ref(t, "web"))
	require.NoError(t, err)
	require.Equal(t, "10.1.0.2", found.Network.IPAddress)
	require.Equal(t, "10.1.0.1", found.Network.Gateway)
	require.Equal(t, "02:01", found.Network.MacAddress)
	require.Equal(t, containers.Endpoint{NetworkID: "n0"}, found.Network.Networks["alpha"])
	require.Equal(t, map[string][]containers.PortBinding{"80/tcp": {}, "443/tcp": {{HostIP: "0.0.0.0", HostPort: "8443"}}}, found.Network.Ports)
	require.Equal(t, []containers.Mount{{Type: "bind", Source: "/a", Destination: "/b", Mode: "ro"}}, found.Mounts)
}

func TestNameThatShadowsAShortIDIsRefused(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	victim := d.Add(dockertest.Container{Name: "victim"})
	shadow := d.Add(dockertest.Container{Name: victim[:12]})
	_, err := h.Resolve(context.Background(), ref(t, victim[:12]))
	require.Equal(t, apperr.Conflict, apperr.KindOf(err))
	require.ErrorContains(t, err, shadow[:12])
	for _, s := range []string{victim, shadow, "victim", victim[:11]} {
		_, err := h.Resolve(context.Background(), ref(t, s))
		require.NoError(t, err, s)
	}
}

func TestDaemonsOwnWordsArePassedOn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	_, err := h.Inspect(context.Background(), ref(t, "nobody"))
	requireError(t, err, apperr.NotFound, "Error response from daemon: No such container: nobody")

	d.Add(dockertest.Container{ID: strings.Repeat("a", 64)}, dockertest.Container{ID: "aa" + strings.Repeat("b", 62)})
	_, err = h.Inspect(context.Background(), ref(t, "aa"))
	requireError(t, err, apperr.Invalid, "Error response from daemon: Multiple IDs found with provided prefix: aa")

	d.Handle("GET /containers/{id}/json", func(w http.ResponseWriter, _ *http.Request) {
		dockertest.Fail(w, http.StatusInternalServerError, "disk\n\x1b[31mfull")
	})
	_, err = h.Inspect(context.Background(), ref(t, "x"))
	requireError(t, err, apperr.Daemon, "Error response from daemon: disk  [31mfull")
}

func requireError(t *testing.T, err error, kind apperr.Kind, msg string) {
	t.Helper()
	e, ok := apperr.As(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, e.Kind)
	require.Equal(t, msg, e.Msg)
}

func TestStrangeInspectIsAnErrorNeverAPanic(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `{"Id":7}`, `{"Id":"short"}`, `{"Id":"` + strings.Repeat("a", 64) + `","State":[]}`,
		`{"Id":"` + strings.Repeat("a", 64) + `","NetworkSettings":{"Ports":[]}}`, `{"Id":`, "<html>",
	} {
		d.Handle("GET /containers/{id}/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		_, err := h.Inspect(context.Background(), ref(t, "x"))
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err), "%.60s", body)
	}
}
