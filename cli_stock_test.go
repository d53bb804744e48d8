package main_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestClientListsAndRemovesWhatHostsKeep(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	tag := "cli-" + dockertest.NewID()[:12]
	f.engines[0].ImportImage(t, "example.org/"+tag+":1", []byte(tag))
	back := f.engines[0].Network(t, tag)
	id := f.engines[0].Run(t, dockertest.Spec{Name: tag, Cmd: []string{"sleep"}, Networks: []string{back}, Mounts: []string{tag + ":/data"}})

	out := f.ok("images", "--search", tag)
	require.Contains(t, out, "example.org/"+tag+":1")
	require.Contains(t, f.ok("images", "--used", "--name", "wharf-test"), "wharf-test:latest")
	require.Contains(t, f.ok("volumes", "--used", "--name", tag), tag)
	require.Contains(t, f.ok("networks", "--host", "a", "--name", tag), back)
	_, stderr, code := f.run("volumes", "rm", "a/"+tag)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "in use")
	_, _, code = f.run("images", "rm", "nonsense")
	require.Equal(t, 2, code)

	f.ok("update", "a/"+tag, "--restart", "on-failure:2", "--pids-limit", "50")
	require.Equal(t, "on-failure", string(f.engines[0].Inspect(t, id).HostConfig.RestartPolicy.Name))
	_, _, code = f.run("update", "a/"+tag)
	require.Equal(t, 2, code)
	f.ok("rm", "--force", "a/"+tag)
	for _, args := range [][]string{{"volumes", "rm", "a/" + tag}, {"networks", "rm", "a/" + back}, {"images", "rm", "a/example.org/" + tag + ":1"}} {
		f.ok(args...)
	}
	require.NotContains(t, f.ok("images", "--search", tag), tag)
}

func TestClientPulls(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	name := registry.Push(t, f.engines[0], "team/app:1", []byte("cli"))
	t.Cleanup(func() { f.engines[0].RemoveImage(t, name) })
	require.Contains(t, f.ok("pull", name, "--host", "a"), "succeeded")
	require.Contains(t, f.ok("pull", name, "--host", "a"), "up to date")
	out, _, code := f.run("pull", registry.Addr+"/team/none:1", "--host", "a")
	require.Equal(t, 1, code)
	require.Contains(t, out, "no such image")
	_, _, code = f.run("pull", name)
	require.Equal(t, 2, code)
	require.Contains(t, f.ok("prune", "networks", "--host", "a"), "would go")
}

func TestClientOperatesOnMany(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	app := "cli-" + dockertest.NewID()[:12]
	for _, e := range f.engines {
		e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Labels: map[string]string{"app": app}})
	}
	args := []string{"operations", "start", "restart", "--label", "app=" + app, "--timeout", "0", "--parallel", "2"}
	require.Equal(t, 2, strings.Count(f.ok(append(args, "--dry-run")...), "waiting"))
	require.Equal(t, 2, strings.Count(f.ok(append(args, "--wait", "running")...), ": ok"))
	id := strings.TrimSpace(f.ok(append(args, "--detach")...))
	require.Contains(t, f.ok("operations"), id)
	f.ok("operations", "show", "--follow", id)
	require.Contains(t, f.ok("operations", "cancel", id), "succeeded")
	require.Contains(t, f.ok("operations", "show", id), "ok")
}
