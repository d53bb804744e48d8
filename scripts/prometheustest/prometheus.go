// Package prometheustest lets a real Prometheus scrape in tests, and its promtool check the metrics.
package prometheustest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long any step of Prometheus may take on a busy machine.
const patience = time.Minute

// Check fails the test if promtool finds a problem in a page of metrics.
func Check(t testing.TB, page []byte) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs promtool: left out by -short")
	}
	cmd := exec.CommandContext(t.Context(), program(t, "promtool", "WHARF_TEST_PROMTOOL"), "check", "metrics")
	cmd.Stdin = bytes.NewReader(page)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Empty(t, string(out))
}

// Prometheus is a running Prometheus.
type Prometheus struct {
	t   testing.TB
	url string
}

// Start starts Prometheus with the scrape_configs of a configuration, until the test ends.
func Start(t testing.TB, scrapeConfigs string) *Prometheus {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Prometheus: left out by -short")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte("global: {scrape_interval: 1s}\nscrape_configs:\n"+scrapeConfigs), 0o600))
	path := program(t, "prometheus", "WHARF_TEST_PROMETHEUS")
	for range 5 { // it can't take over a listener, so another process may take its port first
		addr := freeAddr(t)
		output, ended := new(bytes.Buffer), make(chan struct{})
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path,
			"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
		cmd.Stdout, cmd.Stderr = output, output
		require.NoError(t, cmd.Start())
		go func() {
			_ = cmd.Wait()
			close(ended)
		}()
		p := &Prometheus{t: t, url: "http://" + addr}
		if p.awaitReady(ended) {
			t.Cleanup(func() {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				<-ended
				if t.Failed() {
					t.Logf("prometheus:\n%s", output)
				}
			})
			return p
		}
		_ = cmd.Process.Kill()
		<-ended
		if !strings.Contains(output.String(), "address already in use") {
			require.Fail(t, "Prometheus doesn't start", "%s", output)
		}
	}
	require.Fail(t, "Prometheus finds no free port")
	return nil
}

// awaitReady waits until Prometheus is ready. It returns false if the process ends before, or patience passes.
func (p *Prometheus) awaitReady(ended <-chan struct{}) bool {
	late := time.After(patience)
	for {
		resp, err := http.Get(p.url + "/-/ready")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case <-ended:
			return false
		case <-late:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Sample is an element of an instant vector.
type Sample struct {
	Labels map[string]string
	Value  string
}

// Query evaluates an expression of PromQL whose value is an instant vector.
func (p *Prometheus) Query(expr string) []Sample {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+"/api/v1/query?query="+url.QueryEscape(expr), http.NoBody)
	require.NoError(p.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&answer), expr)
	require.Equal(p.t, "success", answer.Status, "%s: %s", expr, answer.Error)
	samples := []Sample{}
	for _, r := range answer.Data.Result {
		samples = append(samples, Sample{r.Metric, fmt.Sprint(r.Value[1])})
	}
	return samples
}

// Await waits until an expression has count samples.
func (p *Prometheus) Await(expr string, count int) []Sample {
	p.t.Helper()
	var last []Sample
	require.Eventually(p.t, func() bool {
		last = p.Query(expr)
		return len(last) == count
	}, patience, 100*time.Millisecond, "%s", expr)
	return last
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func program(t testing.TB, name, variable string) string {
	t.Helper()
	if path := os.Getenv(variable); path != "" {
		return path
	}
	path, err := exec.LookPath(name)
	require.NoError(t, err, "no %s to test with: run scripts/install-prometheus.sh, or set %s to one", name, variable)
	return path
}
