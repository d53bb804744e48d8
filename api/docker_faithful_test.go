package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// differences lists the places where two JSON values differ.
func differences(place string, engine, wharf any) (all []string) {
	a, isMap := engine.(map[string]any)
	b, alsoMap := wharf.(map[string]any)
	if !isMap || !alsoMap {
		if fmt.Sprint(engine) != fmt.Sprint(wharf) {
			all = append(all, place)
		}
		return all
	}
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, differences(place+"."+name, a[name], b[name])...)
	}
	return all
}

// An admin's typed answers equal the engine's own, except for what is omitted on purpose.
func TestDockerAnswersAreTheEngines(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	engine := httptest.NewServer(engineProxy(t, e))
	t.Cleanup(engine.Close)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{
		Labels: map[string]string{"team": "web"}, Env: []string{"A=b"}, Ports: []string{"80"}, Memory: 64 << 20, CPUs: 0.5, Restart: "on-failure:3",
		Mounts: []string{"/tmp:/host:ro"}, Healthcheck: []string{"/app", "env"}, LogOptions: map[string]string{"max-size": "1m"},
	})
	direct := func(path string) (v any) {
		resp, err := http.Get(engine.URL + path)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&v))
		return v
	}
	through := func(path string) (v any) {
		a := w.get("/docker/default" + path)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.NoError(t, json.Unmarshal([]byte(a.body), &v))
		return v
	}
	row := func(v any) any { return v.([]any)[0] }
	inspect := "/v1.41/containers/" + id + "/json"
	require.Empty(t, leftOut(differences("", direct(inspect), through(inspect)),
		".GraphDriver.Data", ".NetworkSettings.SandboxKey", ".State.Health.", ".State.Pid", ".HostConfig.ContainerIDFile", ".NetworkSettings.HairpinMode",
		".NetworkSettings.LinkLocalIPv6", ".NetworkSettings.Secondary", ".GwPriority", ".DNSNames", ".HostConfig.KernelMemory"))
	list := "/v1.41/containers/json?all=1&filters=" + `%7B%22id%22%3A%5B%22` + id + `%22%5D%7D`
	require.Empty(t, leftOut(differences("", row(direct(list)), row(through(list))), ".Status", ".GwPriority", ".DNSNames"))
	images := "/v1.41/images/json?filters=" + `%7B%22reference%22%3A%5B%22wharf-test%22%5D%7D`
	require.Empty(t, differences("", row(direct(images)), row(through(images))))
	version := differences("", direct("/v1.41/version"), through("/v1.41/version"))
	require.Empty(t, leftOut(version, ".Components", ".Platform", ".MinAPIVersion"))
}

// leftOut drops the places that contain one of the texts.
func leftOut(places []string, texts ...string) []string {
	return slices.DeleteFunc(places, func(place string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(place, text) })
	})
}
