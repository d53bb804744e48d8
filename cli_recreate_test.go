package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// dockerOK runs Docker's own CLI and returns what it printed.
func dockerOK(t *testing.T, e dockertest.Engine, args ...string) string {
	t.Helper()
	out, code := docker(t, e, args...)
	require.Zero(t, code, "docker %v", args)
	return strings.TrimSpace(out)
}

// push makes an image for this test on an engine and pushes it with Docker's CLI.
func push(t *testing.T, e dockertest.Engine, image string, changes ...string) {
	t.Helper()
	e.Commit(t, image, append([]string{`CMD ["sleep"]`}, changes...)...)
	dockerOK(t, e, "push", "--quiet", image)
}

// Docker's CLI sees the results of `wharf pull` and `wharf recreate`: the same containers, of the new image.
func TestClientRecreatesAsDockerSeesIt(t *testing.T) {
	t.Parallel()
	f := newClient(t)
	a, name := f.engines[0], "cli-"+dockertest.NewID()[:12]
	image := dockertest.NewRegistry(t, dockertest.RegistryOptions{}).Addr + "/shop:1"
	push(t, a, image, "ENV VERSION=1")
	network := a.Network(t, name)
	t.Cleanup(func() { dockerOK(t, a, "volume", "rm", name) })
	a.RemoveLabelled(t, name)
	for _, n := range []string{name, name + "-2"} {
		dockerOK(t, a, "run", "--detach", "--name", n, "--label", name, "--env", "OWN=1", "--restart", "on-failure:3", "--memory", "32m", "--cpus", "0.5",
			"--volume", name+":/data", "--network", network, "--network-alias", "shop", "--publish", "127.0.0.1::80", image)
	}
	inspect := func(format string) string { return dockerOK(t, a, "inspect", "--format", format, name) }
	was, old := inspect("{{json .HostConfig}} {{json .Mounts}}"), inspect("{{.Id}} {{.Image}}")

	push(t, f.engines[1], image, "ENV VERSION=2")
	var pulled []struct {
		ID     string `json:"image_id"`
		Digest string `json:"digest"`
	}
	require.NoError(t, json.Unmarshal([]byte(f.ok("pull", image, "--host", "a", "-o", "json")), &pulled))
	require.Equal(t, dockerOK(t, a, "image", "inspect", "--format", "{{.Id}} {{index .RepoDigests 0}}", image),
		pulled[0].ID+" "+strings.TrimSuffix(image, ":1")+"@"+pulled[0].Digest)
	require.Equal(t, old, inspect("{{.Id}} {{.Image}}"), "a pull changes no container")

	require.Equal(t, 2, strings.Count(f.ok("recreate", "--label", name, "--host", "a", "--wait", "running"), name))
	rows := dockerOK(t, a, "ps", "--all", "--filter", "label="+name, "--format", "{{.Names}} {{.State}} {{.Image}}")
	require.ElementsMatch(t, []string{name + " running " + image, name + "-2 running " + image}, strings.Split(rows, "\n"))
	require.Equal(t, pulled[0].ID, inspect("{{.Image}}"))
	require.JSONEq(t, "["+strings.Replace(was, "} [", "}, [", 1)+"]", "["+strings.Replace(inspect("{{json .HostConfig}} {{json .Mounts}}"), "} [", "}, [", 1)+"]")
	env := inspect("{{json .Config.Env}}")
	require.Contains(t, env, `"OWN=1"`)
	require.Contains(t, env, `"VERSION=2"`)
	require.Contains(t, inspect("{{json .NetworkSettings.Networks}}"), `"shop"`)

	broken := "wharf-broken:" + name
	a.Commit(t, broken, `ENTRYPOINT ["/nothing"]`)
	now := inspect("{{.Id}} {{.Image}} {{json .HostConfig}}")
	for says, with := range map[string]string{"the host has no image": "wharf-missing:" + name, "the old container is as it was": broken} {
		_, stderr, code := f.run("recreate", "a/"+name, "--image", with)
		require.Equal(t, 1, code, stderr)
		require.Contains(t, stderr, says)
		require.Equal(t, now, inspect("{{.Id}} {{.Image}} {{json .HostConfig}}"))
		require.Equal(t, rows, dockerOK(t, a, "ps", "--all", "--filter", "label="+name, "--format", "{{.Names}} {{.State}} {{.Image}}"))
	}
}
