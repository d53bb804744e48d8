package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// canaries makes secrets that only admins may see.
func canaries(place string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = secret(fmt.Sprintf("canary-%s-%02d", place, i))
	}
	return all
}

// Secrets in every part of a container, on a real engine: viewers and operators get none of them, an admin gets all that are in
// the configuration.
func TestSecretsOfContainersReachAdminsAlone(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	viewer, operator := w.person("viewer", "viewer"), w.person("operator", "operator")
	streams := map[string]*listener{"viewer": w.listen("/events", viewer), "operator": w.listen("/events", operator)}

	env, cmd, labels, execs := canaries("env", 10), canaries("cmd", 10), canaries("label", 10), canaries("exec", 10)
	keys := []string{"DB_PASSWORD", "API_TOKEN", "SECRET", "AWS_SECRET_ACCESS_KEY", "PWD_ADMIN", "CREDENTIALS", "BASIC_AUTH", "SENTRY_DSN", "PRIVATE", "passphrase"}
	spec := dockertest.Spec{Cmd: []string{"sleep"}, Labels: map[string]string{}}
	for i, key := range keys {
		spec.Env = append(spec.Env, key+"="+env[i])
		spec.Labels["org.example."+strings.ToLower(key)] = labels[i]
	}
	for i := range 5 {
		spec.Cmd = append(spec.Cmd, "--password="+cmd[i])
	}
	spec.Cmd = append(spec.Cmd, "--token", cmd[5], "https://user:"+cmd[6]+"@example.org/", "sh -c 'PGPASSWORD="+cmd[7]+" psql'", "api_key: "+cmd[8], `{"secret": "`+cmd[9]+`"}`)
	spec.Created = true // the app doesn't know these arguments
	configured := e.Run(t, spec)
	spec.Created, spec.Cmd = false, []string{"sleep"}
	id := e.Run(t, spec)
	shown := e.Run(t, dockertest.Spec{Cmd: []string{"sleep", "1h", "--password=" + cmd[0], "--token", cmd[5], "https://user:" + cmd[6] + "@example.org/"}})
	for _, canary := range execs {
		e.Exec(t, id, "env", "-psecret", canary)
	}

	admin := w.get("/inspect2/default/" + configured).body
	for _, canary := range append(append(env, cmd...), labels...) {
		require.Contains(t, admin, canary)
	}
	asDocker := w.get("/docker/default/containers/" + configured + "/json").body
	for _, canary := range append(append(env, cmd...), labels...) {
		require.Contains(t, asDocker, canary)
	}
	processes := w.get("/v1/hosts/default/containers/" + shown + "/top").body
	for _, canary := range []string{cmd[0], cmd[5], cmd[6]} {
		require.Contains(t, processes, canary)
	}
	// Everything that was already on its way to the streams precedes this event.
	e.Stop(t, id)
	for name, token := range map[string]string{"viewer": viewer, "operator": operator} {
		got := streams[name].collect(`"action":"stop"`, id)
		for _, path := range []string{
			"/inspect2/default/" + id, "/inspect2/default/" + configured, "/ps2/default", "/stat3/default", "/v1/containers", "/v1/events?limit=1000", "/v1/hosts",
			"/v1/hosts/default/containers/" + shown + "/top",
			"/v1/hosts/default/containers", "/v1/hosts/default/containers/" + id, "/v1/stats", "/v1/hosts/default/stats",
		} {
			a := w.call("GET", path, token, nil)
			require.Equal(t, http.StatusOK, a.status, path)
			got += a.body
		}
		for _, path := range []string{
			"/containers/json?all=1&size=1", "/containers/" + id + "/json", "/containers/" + configured + "/json?size=1", "/containers/" + shown + "/top",
			"/containers/" + id + "/stats?stream=0", fmt.Sprintf("/events?since=1&until=%d", time.Now().Unix()), "/images/json", "/info", "/version",
		} {
			a := w.call("GET", "/docker/default"+path, token, nil)
			require.Equal(t, http.StatusOK, a.status, path)
			got += a.body
		}
		require.Contains(t, got, id)
		require.NotContains(t, got, "canary-", name)
	}
}

// collect reads a stream up to the event that has all of these texts, and returns everything it read.
func (l *listener) collect(texts ...string) string {
	l.t.Helper()
	var got strings.Builder
	for {
		f := l.next()
		got.WriteString(f.data)
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(f.data, text) }) {
			return got.String()
		}
	}
}
