package main_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/prometheustest"
)

// dashboard returns the expressions of deploy/grafana/wharf.json, and the names of the metrics in them and in its variables.
func dashboard(t *testing.T) (expressions []string, names map[string]bool) {
	t.Helper()
	content, err := os.ReadFile("deploy/grafana/wharf.json")
	require.NoError(t, err)
	var d struct {
		Templating struct{ List []struct{ Query string } }
		Panels     []struct{ Targets []struct{ Expr string } }
	}
	require.NoError(t, json.Unmarshal(content, &d))
	names = map[string]bool{}
	metric := regexp.MustCompile(`\b(wharf|container|go|process)_[a-z_]+`)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	texts := expressions
	for _, v := range d.Templating.List {
		texts = append(texts, v.Query)
	}
	for _, text := range texts {
		for _, name := range metric.FindAllString(text, -1) {
			names[name] = true
		}
	}
	require.Greater(t, len(names), 20)
	return expressions, names
}

// TestPrometheusScrapesThreeReplicas lets a real Prometheus scrape three replicas on one Postgres, with a viewer's key, and
// evaluate each query of the dashboard. Each metric must exist and be scraped, except those that count events which didn't occur.
func TestPrometheusScrapesThreeReplicas(t *testing.T) {
	t.Parallel()
	source := dbtest.EmptyPostgresSource(t)
	secure := dockertest.NewTLSDaemon(t)
	secure.Add(dockertest.Container{Name: "web"})
	dir := t.TempDir()
	hosts := dir + "/hosts.yaml"
	config := fmt.Sprintf("hosts:\n  - {name: fake, addr: %q, certs: %q}\n  - {name: dead, addr: %q, certs: %q}\n",
		secure.Addr(), secure.CertDir(), "tcp://127.0.0.1:1", secure.CertDir())
	require.NoError(t, os.WriteFile(hosts, []byte(config), 0o600))
	keys := "k:" + rand.Text() + rand.Text()
	var targets []string
	var first *process
	for range 3 {
		p := serve(t, t.TempDir(), "DB_SOURCE="+source, "TOKEN_KEYS="+keys, "HOSTS_FILE="+hosts, "METRICS=containers")
		p.awaitReady()
		targets = append(targets, strings.TrimPrefix(p.url, "http://"))
		if first == nil {
			first = p
		}
	}
	admin := first.login()
	key := viewersKey(t, first, admin)

	scrape := func(job, path string) string {
		return fmt.Sprintf("- {job_name: %s, metrics_path: %s, authorization: {credentials: %q}, static_configs: [{targets: [%s]}]}\n",
			job, path, key, `"`+strings.Join(targets, `", "`)+`"`)
	}
	p := prometheustest.Start(t, scrape("wharf", "/metrics")+scrape("containers", "/metrics/containers"))
	p.Await(`up{job="wharf"} == 1`, 3)
	p.Await("wharf_build_info", 3)
	p.Await("sum by (host) (wharf_host_owned) == 1", 2) // one reader per host
	p.Await(`max by (host) (wharf_host_up) == 1`, 1)
	p.Await(`max by (host) (wharf_host_up) == 0`, 1)
	p.Await(`max by (host) (container_last_seen{name="web"})`, 1)

	expressions, names := dashboard(t)
	for name := range names {
		switch strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count") {
		case "wharf_event_gaps_total", "wharf_streams_closed_total": // may not have occurred here: the tests of package api cover them
		default:
			require.Eventually(t, func() bool { return len(p.Query(name)) > 0 }, time.Minute, 100*time.Millisecond, "%s", name)
		}
	}
	for _, expr := range expressions {
		p.Query(strings.NewReplacer("$host", ".*", "$job", ".*").Replace(expr))
	}
}

// viewersKey creates a viewer and returns an API key for it.
func viewersKey(t *testing.T, p *process, admin string) string {
	t.Helper()
	_, err := p.as(admin).AddUser(t.Context(), dto.NewUser{
		Username: "prometheus", Password: "scrape-123", FullName: "Prometheus", Email: "prometheus@example.org", Role: "viewer",
	})
	require.NoError(t, err)
	l, err := p.logIn("prometheus", "scrape-123")
	require.NoError(t, err)
	key, err := p.as(l.AccessToken).AddKey(t.Context(), dto.NewAPIKey{Name: "scrape", Role: "viewer"})
	require.NoError(t, err)
	return key.Key
}
