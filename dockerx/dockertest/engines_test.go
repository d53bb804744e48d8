package dockertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestEveryEngineRunsWhatTheSpecSays(t *testing.T) {
	t.Parallel()
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			front, back := e.Network(t, "front"), e.Network(t, "back")
			id := e.Run(t, dockertest.Spec{
				Cmd: []string{"log", "hello"}, Env: []string{"A=1"}, Labels: map[string]string{"a": "b"},
				Ports: []string{"127.0.0.1::80"}, Networks: []string{front, back}, Mounts: []string{"/tmp:/host:ro"},
				Memory: 64 << 20, CPUs: 0.5, Restart: "on-failure:2", TTY: true,
			})
			e.AwaitLog(t, id, "hello")
			found := e.Inspect(t, id)
			require.Len(t, found.NetworkSettings.Networks, 2)
			require.NotEmpty(t, found.NetworkSettings.Ports["80/tcp"][0].HostPort)
			require.Equal(t, map[string]string{"a": "b"}, found.Config.Labels)
			require.Equal(t, int64(64<<20), found.HostConfig.Memory)
			require.Equal(t, 2, found.HostConfig.RestartPolicy.MaximumRetryCount)
			require.Contains(t, found.Config.Env, "A=1")
			require.Len(t, found.Mounts, 1)
		})
	}
}

func TestContainersReachTheStatesThatTestsNeed(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	exited := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "3"}})
	require.Equal(t, 3, e.AwaitExit(t, exited))
	require.Equal(t, "created", e.State(t, e.Run(t, dockertest.Spec{Created: true})))
	paused := e.Run(t, dockertest.Spec{Networks: []string{"none"}})
	e.Pause(t, paused)
	require.Equal(t, "paused", e.State(t, paused))
	restarting := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "1"}, Restart: "always"})
	e.AwaitState(t, restarting, "restarting")
	stopped := e.Run(t, dockertest.Spec{Cmd: []string{"log", "up"}})
	e.AwaitLog(t, stopped, "up")
	e.Kill(t, stopped, "TERM")
	require.Equal(t, 0, e.AwaitExit(t, stopped), "the app ends on SIGTERM")
	stubborn := e.Run(t, dockertest.Spec{Cmd: []string{"ignore-term"}})
	e.AwaitLog(t, stubborn, "ignoring SIGTERM")
	e.Stop(t, stubborn)
	require.Equal(t, 137, e.AwaitExit(t, stubborn))
}

func TestPublishedPortsAnswer(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"listen", "80"}, Ports: []string{"127.0.0.1::80"}})
	e.AwaitLog(t, id, "listening on")
	port := e.Inspect(t, id).NetworkSettings.Ports["80/tcp"][0].HostPort
	conn, err := dockertest.Dial(t.Context(), "tcp", "127.0.0.1:"+port)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	_, err = dockertest.Dial(t.Context(), "tcp", "127.0.0.1:1")
	require.Error(t, err, "nothing listens there")
}

func TestTrafficBetweenContainers(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	network := e.Network(t, "traffic")
	to := e.Run(t, dockertest.Spec{Cmd: []string{"listen", "9"}, Networks: []string{network}})
	addr := e.Inspect(t, to).NetworkSettings.Networks[network].IPAddress
	from := e.Run(t, dockertest.Spec{Cmd: []string{"send", addr + ":9", "1m"}, Networks: []string{network}})
	e.AwaitLog(t, from, "sent")
	require.Equal(t, 0, e.Exec(t, to, "exit", "0"))
}
