package api_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/scripts/prometheustest"
)

// scrape returns a page of metrics.
func (w *fixture) scrape(path, token string) string {
	w.t.Helper()
	a := w.call("GET", path, token, nil)
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	require.Equal(w.t, "text/plain; version=0.0.4; charset=utf-8", a.header.Get("Content-Type"))
	return a.body
}

// awaitMetric scrapes until a page has the given line.
func (w *fixture) awaitMetric(path, token, line string) string {
	w.t.Helper()
	var page string
	require.Eventually(w.t, func() bool {
		page = w.scrape(path, token)
		return strings.Contains(page, line)
	}, time.Minute, 10*time.Millisecond, "%s", line)
	return page
}

func TestMetricsOfARealEngine(t *testing.T) {
	t.Parallel()
	engine := dockertest.Engines(t)[0]
	engine.Run(t, dockertest.Spec{})
	w := setup(t, engineHosts([]dockertest.Engine{engine}))
	host := `{host="` + engine.Name + `"`
	w.awaitMetric("/metrics", w.admin, `wharf_events_total`+host+`,type="host"} 1`)
	w.awaitMetric("/metrics", w.admin, `wharf_host_info`+host)
	page := w.awaitMetric("/metrics", w.admin, `wharf_host_containers`+host+`,state="running"}`)
	for _, line := range []string{
		`wharf_host_up` + host + `} 1`, `wharf_host_owned` + host + `} 1`, `wharf_host_info` + host + `,engine_version="`,
		`wharf_host_request_duration_seconds_bucket` + host + `,operation="ping",le="+Inf"}`, `wharf_host_clock_skew_seconds` + host + `} `,
		`wharf_event_lag_seconds_count `, `wharf_logins_total{result="ok"} 1`, `wharf_build_info{version="test",goversion="go1.`,
		`wharf_http_request_duration_seconds_count{route="/login",method="POST",code="200"} 1`, `go_goroutines `, `process_open_fds `,
	} {
		require.Contains(t, page, "\n"+line)
	}
	prometheustest.Check(t, []byte(page))
}

// Errors, gaps, streams and refused logins are counted with the reasons in the table of docs/metrics.md.
func TestMetricsCountWhatGoesWrong(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"}, dockertest.Container{Name: "old", State: "exited"})
	w := setup(t, []dockerx.HostConfig{
		{Name: "fake", Addr: d.Addr()}, {Name: "dead", Addr: "tcp://127.0.0.1:1"},
	})
	w.awaitMetric("/metrics", w.admin, `wharf_host_errors_total{host="dead",reason="refused"}`)
	w.awaitMetric("/metrics", w.admin, `wharf_host_up{host="dead"} 0`)
	page := w.awaitMetric("/metrics", w.admin, `wharf_host_containers{host="fake",state="exited"} 1`)
	require.Contains(t, page, `wharf_host_containers{host="fake",state="running"} 1`)

	d.Answer("GET /containers/{id}/json", func(string) int { return http.StatusInternalServerError })
	w.call("GET", "/inspect2/fake/web", w.admin, nil)
	page = w.scrape("/metrics", w.admin)
	require.Contains(t, page, `wharf_host_errors_total{host="fake",reason="daemon"} 1`)
	require.Contains(t, page, `wharf_http_request_duration_seconds_count{route="/inspect2/{host}/{id}",method="GET",code="500"} 1`)

	w.call("POST", "/login", "", map[string]string{"username": "gildong", "password": secret("wrong-password")})
	require.Contains(t, w.scrape("/metrics", w.admin), `wharf_logins_total{result="refused"} 1`)

	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/events", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+w.admin)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	w.awaitMetric("/metrics", w.admin, `wharf_stream_clients{kind="events"} 1`)
	leave()
	w.awaitMetric("/metrics", w.admin, `wharf_streams_closed_total{reason="client"} 1`)
	w.awaitMetric("/metrics", w.admin, `wharf_stream_clients{kind="events"} 0`)
	require.NotContains(t, w.scrape("/metrics", w.admin), `route="/events"`, "a stream's life is no duration of a request")
	prometheustest.Check(t, []byte(w.scrape("/metrics", w.admin)))
}

// A key sees its user's hosts. If the user sees only part of a host, no metric counts hidden containers. Only callers that see
// everything get the metrics of the whole server.
func TestMetricsShowWhatTheCallerMaySee(t *testing.T) {
	t.Parallel()
	prod, dev := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	prod.Add(dockertest.Container{Name: "shop", Labels: map[string]string{"team": "web"}}, dockertest.Container{Name: "ledger"})
	dev.Add(dockertest.Container{Name: "toy"})
	w := setup(t, []dockerx.HostConfig{{Name: "prod-1", Addr: prod.Addr()}, {Name: "dev-1", Addr: dev.Addr()}})
	token := w.person("hong", "none")
	require.Equal(t, http.StatusForbidden, w.call("GET", "/metrics", token, nil).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/metrics", "", nil).status)
	w.grant("hong", "prod-*", "team=web", "viewer")
	w.awaitMetric("/metrics", w.admin, `wharf_host_containers{host="prod-1",state="running"} 2`)
	w.awaitMetric("/metrics", w.admin, `wharf_host_containers{host="dev-1",state="running"} 1`)

	page := w.scrape("/metrics", token)
	require.Contains(t, page, `wharf_host_up{host="prod-1"} 1`)
	for _, hidden := range []string{"dev-1", "wharf_host_containers", "wharf_events_total", "wharf_host_request", "wharf_logins", "wharf_http", "process_", "go_"} {
		require.NotContains(t, page, hidden)
	}
	containers := w.scrape("/metrics/containers", token)
	require.Contains(t, containers, `name="shop"`)
	require.NotContains(t, containers, "ledger")
	require.NotContains(t, containers, "toy")

	w.grant("hong", "prod-*", "", "viewer")
	page = w.scrape("/metrics", token)
	require.Contains(t, page, `wharf_host_containers{host="prod-1",state="running"} 2`)
	require.NotContains(t, page, "dev-1")
	require.NotContains(t, page, "process_")
}

func TestMetricsOfContainersHaveCAdvisorsNames(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Image: "shop:2", Labels: map[string]string{"com.docker.compose.project": "shop"}},
		dockertest.Container{Name: "old", State: "exited"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	page := w.awaitMetric("/metrics/containers", w.admin, `container_last_seen{`)
	labels := regexp.MustCompile(`container_cpu_usage_seconds_total\{host="fake",id="[0-9a-f]{64}",name="web",image="shop:2",compose_project="shop"\} `)
	require.Regexp(t, labels, page)
	require.NotContains(t, page, "old", "it doesn't run")
	for _, name := range []string{"container_memory_working_set_bytes", "container_network_receive_bytes_total", "container_fs_reads_bytes_total"} {
		require.Contains(t, page, "\n"+name+"{")
	}
	require.Contains(t, page, "\nwharf_metrics_containers_cut 0\n")
	prometheustest.Check(t, []byte(page))
}

func TestMetricsOfContainersAreCapped(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	for n := range 5 {
		d.Add(dockertest.Container{Name: fmt.Sprint("web-", n)})
	}
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}}, func(o *api.Options) { o.MetricsContainers = 2 })
	page := w.awaitMetric("/metrics/containers", w.admin, "\nwharf_metrics_containers_cut 3\n")
	require.Equal(t, 2, strings.Count(page, "\ncontainer_last_seen{"))
}

// Scraping /metrics makes no engine sample usage.
func TestMetricsSampleNothing(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	w.awaitMetric("/metrics", w.admin, `wharf_host_containers{host="fake",state="running"} 1`)
	for range 3 {
		w.scrape("/metrics", w.admin)
	}
	require.Zero(t, d.Count("/containers/"+id+"/stats"))
	w.awaitMetric("/metrics/containers", w.admin, `container_last_seen{`)
	require.NotZero(t, d.Count("/containers/"+id+"/stats"), "the count counts")
}

// Texts from an engine about itself and its containers can neither break a page nor inflate it.
func TestMetricsOfAHostileEngine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "a\"b\n} 1\nevil 2\n", Image: long, Labels: map[string]string{"com.docker.compose.project": "p\\\u202e\x00"}})
	d.Handle("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"ServerVersion":"1\"} 1\nevil 2","OperatingSystem":%q,"Architecture":"\u202e"}`, long)
	})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	page := w.awaitMetric("/metrics", w.admin, `wharf_host_info{host="fake"`)
	containers := w.awaitMetric("/metrics/containers", w.admin, `container_last_seen{`)
	for _, p := range []string{page, containers} {
		prometheustest.Check(t, []byte(p))
		require.NotContains(t, p, "\nevil")
		require.NotContains(t, p, strings.Repeat("x", 129))
	}
}

func TestMetricsTurnedOff(t *testing.T) {
	t.Parallel()
	for mode, want := range map[api.MetricsMode][2]int{
		api.MetricsOff: {404, 404}, api.MetricsOn: {200, 404}, api.MetricsContainers: {200, 200},
	} {
		w := fakeFixture(t, func(o *api.Options) { o.Metrics = mode })
		require.Equal(t, want, [2]int{w.call("GET", "/metrics", w.admin, nil).status, w.call("GET", "/metrics/containers", w.admin, nil).status}, mode)
	}
}

// Callers can't create labels: methods and paths without a row are counted as other.
func TestMetricsLabelsAreBounded(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	before := strings.Count(w.scrape("/metrics", w.admin), "wharf_http_request_duration_seconds_count")
	for n := range 50 {
		w.call("GET", fmt.Sprint("/made/up/", n), w.admin, nil)
		w.call(fmt.Sprint("MADE", n), "/hosts", w.admin, nil)
		w.call("GET", fmt.Sprint("/ps2/made-up-", n), w.admin, nil)
	}
	page := w.scrape("/metrics", w.admin)
	require.NotContains(t, page, "made")
	require.NotContains(t, page, "MADE")
	require.LessOrEqual(t, strings.Count(page, "wharf_http_request_duration_seconds_count"), before+5)
}
