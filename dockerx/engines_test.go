package dockerx

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

// onEngines runs a test on every real engine of the test bed, and over SSH on the first one that has a socket.
func onEngines(t *testing.T, f func(t *testing.T, e dockertest.Engine, h *Host)) {
	t.Helper()
	far := false
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			f(t, e, hostOf(t, engineConfig(e)))
		})
		socket, local := strings.CutPrefix(e.Addr, "unix://")
		if !local || far {
			continue
		}
		far = true
		t.Run("ssh", func(t *testing.T) {
			t.Parallel()
			f(t, e, hostOf(t, overSSH(dockertest.NewSSHServer(t), socket)))
		})
	}
}

func rowOf(t *testing.T, h *Host, id string) containers.Container {
	t.Helper()
	list, err := h.List(context.Background())
	require.NoError(t, err)
	i := slices.IndexFunc(list.Containers, func(c containers.Container) bool { return c.ID == id })
	require.GreaterOrEqual(t, i, 0, "the list lacks %s", id)
	return list.Containers[i]
}

func TestEveryStateOfARealContainer(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		ids := map[string]string{
			"running": e.Run(t, dockertest.Spec{}),
			"created": e.Run(t, dockertest.Spec{Created: true}),
			"paused":  e.Run(t, dockertest.Spec{}),
			"exited":  e.Run(t, dockertest.Spec{Cmd: []string{"exit", "3"}}),
		}
		if !e.Podman(t) { // Podman restarts it at once
			ids["restarting"] = e.Run(t, dockertest.Spec{Cmd: []string{"exit", "1"}, Restart: "always"})
		}
		e.Pause(t, ids["paused"])
		require.Equal(t, 3, e.AwaitExit(t, ids["exited"]))
		for state, id := range ids {
			require.Eventually(t, func() bool { return rowOf(t, h, id).State == state }, time.Minute, 20*time.Millisecond, state)
			if state == "restarting" {
				continue // the state may have changed before the next call
			}
			d, err := h.Inspect(context.Background(), ref(t, id[:12]))
			require.NoError(t, err)
			require.Equal(t, state, d.State.Status)
			require.Equal(t, state == "running" || state == "paused", d.State.Running)
			require.Equal(t, state == "paused", d.State.Paused)
			require.Equal(t, rowOf(t, h, id).Name, strings.TrimPrefix(d.Name, "/"))
		}
		d, err := h.Inspect(context.Background(), ref(t, ids["exited"]))
		require.NoError(t, err)
		require.Equal(t, 3, d.State.ExitCode)
	})
}

func TestRealContainersFieldsAreTheEnginesOwn(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		source := t.TempDir()
		id := e.Run(t, dockertest.Spec{
			Env: []string{"A=b"}, Labels: map[string]string{"k": "v"}, Ports: []string{"127.0.0.1::80"}, Expose: []string{"81/tcp"},
			Mounts: []string{source + ":/data:ro"}, Networks: []string{e.Network(t, "zeta"), e.Network(t, "alpha")},
		})
		d, err := h.Inspect(context.Background(), ref(t, id))
		require.NoError(t, err)
		want := e.Inspect(t, id)
		require.Equal(t, want.ID, d.ID)
		require.Equal(t, want.Image, d.Image)
		require.Equal(t, want.Created, d.Created)
		require.Equal(t, "linux", d.Platform)
		require.Equal(t, want.Config.Hostname, d.Config.Hostname)
		require.Contains(t, d.Config.Env, "A=b")
		require.Equal(t, "v", d.Config.Labels["k"])
		require.Equal(t, want.State.StartedAt, d.State.StartedAt)
		require.Len(t, d.Network.Ports["80/tcp"], 1)
		require.Equal(t, "127.0.0.1", d.Network.Ports["80/tcp"][0].HostIP)
		require.Equal(t, []containers.PortBinding{}, d.Network.Ports["81/tcp"])
		require.Len(t, d.Network.Networks, 2)
		names := make([]string, 0, 2)
		for name := range d.Network.Networks {
			names = append(names, name)
		}
		first := slices.Min(names)
		require.NotEmpty(t, d.Network.IPAddress)
		require.Equal(t, d.Network.Networks[first].IPAddress, d.Network.IPAddress, "the first network by name")
		mode := "ro"
		if e.Podman(t) {
			mode = ""
		}
		require.Equal(t, []containers.Mount{{Type: "bind", Source: source, Destination: "/data", Mode: mode}}, d.Mounts)
	})
}

func TestRealContainerWithoutNetworkHasNoAddress(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{Networks: []string{"none"}})
		d, err := h.Inspect(context.Background(), ref(t, id))
		require.NoError(t, err)
		require.Empty(t, d.Network.IPAddress)
		if !e.Podman(t) {
			require.Contains(t, d.Network.Networks, "none")
		}
	})
}

func TestRealLinkAliasIsNotTheName(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		if e.Podman(t) {
			t.Skip("Podman knows no links")
		}
		target := "target-" + dockertest.NewID()[:8]
		id := e.Run(t, dockertest.Spec{Name: target, Networks: []string{"default"}})
		e.Run(t, dockertest.Spec{Links: []string{target + ":db"}})
		require.Equal(t, target, rowOf(t, h, id).Name)
	})
}

func TestRealEnginesThreeHundredAndFour(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{})
		ctx, second := context.Background(), 1
		requireError(t, start(ctx, h, id), apperr.Conflict, "Error response from daemon: container already started")
		require.NoError(t, stop(ctx, h, id, &second))
		requireError(t, stop(ctx, h, id, &second), apperr.Conflict, "Error response from daemon: container not running")
		require.NoError(t, start(ctx, h, id))
		e.Pause(t, id)
		err := start(ctx, h, id)
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
		paused, unknown := "cannot start a paused container", "No such container: "+strings.Repeat("0", 64)
		if e.Podman(t) {
			paused = "container " + id + " must be in Created or Stopped state to be started: container state improper"
			unknown = `no container with name or ID "` + strings.Repeat("0", 64) + `" found: no such container`
		}
		require.ErrorContains(t, err, "Error response from daemon: "+paused)
		requireError(t, start(ctx, h, strings.Repeat("0", 64)), apperr.NotFound, "Error response from daemon: "+unknown)
	})
}

func TestRealNameThatShadowsAShortIDIsRefused(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		victim := e.Run(t, dockertest.Spec{})
		e.Run(t, dockertest.Spec{Name: victim[:12]})
		_, err := h.Resolve(context.Background(), ref(t, victim[:12]))
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
		d, err := h.Resolve(context.Background(), ref(t, victim))
		require.NoError(t, err)
		require.Equal(t, victim, d.ID)
	})
}

func TestTwoHundredContainersOnOneRealHost(t *testing.T) {
	e := dockertest.DefaultEngine(t)
	h := hostOf(t, engineConfig(e))
	label := "many-" + dockertest.NewID()[:8]
	var creating sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i := range 200 {
		slots <- struct{}{}
		creating.Go(func() {
			defer func() { <-slots }()
			e.Run(t, dockertest.Spec{Name: fmt.Sprintf("%s-%d", label, i), Labels: map[string]string{"set": label}, Created: true})
		})
	}
	creating.Wait()
	list, err := h.List(context.Background())
	require.NoError(t, err)
	found := map[string]bool{}
	for _, c := range list.Containers {
		if c.Labels["set"] == label {
			found[c.Name] = true
		}
	}
	require.Len(t, found, 200)
	require.True(t, slices.IsSortedFunc(list.Containers, func(a, b containers.Container) int { return b.Created.Compare(a.Created) }), "Docker's order: newest first")
}

func TestRealEnginesCertificateIsChecked(t *testing.T) {
	t.Parallel()
	for _, e := range dockertest.Engines(t) {
		if e.CertDir == "" {
			continue
		}
		stranger, dir := dockertest.NewAuthority(t), t.TempDir()
		stranger.Write(t, dir, stranger.Sign(t, dockertest.Certificate{}))
		_, err := hostOf(t, HostConfig{Name: "x", Addr: e.Addr, CertDir: dir}).List(context.Background())
		require.Equal(t, connect.FaultTLS, connect.FaultOf(err))
	}
}
