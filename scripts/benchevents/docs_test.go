package benchevents

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"

	"wharf/scripts/benchkit"
)

// documented returns the code block of docs/events.md in that language that begins with begin.
func documented(t *testing.T, language, begin string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/events.md")
	require.NoError(t, err)
	for _, block := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], begin) {
			return block[1]
		}
	}
	require.Fail(t, "docs/events.md has no such block")
	return ""
}

// torment emits events while wharf is killed and the daemon's stream is cut.
func torment(d *source, w *server) int {
	for i := range 300 {
		d.emit()
		time.Sleep(time.Millisecond)
		switch i {
		case 50, 250:
			d.CutStreams()
		case 100, 200:
			w.Kill()
			w.Start()
		}
	}
	return len(d.times)
}

func TestTheDocumentedShellClientSurvives(t *testing.T) {
	benchkit.Parallel(t)
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	script := filepath.Join(t.TempDir(), "follow.sh")
	require.NoError(t, os.WriteFile(script, []byte(documented(t, "sh", "#!/bin/sh")), 0o700)) //nolint:gosec // it must be executable
	cmd := exec.Command("sh", script, w.URL()+"/events", filepath.Join(t.TempDir(), "state"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	y := newTally()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line struct {
				Event string
				Data  json.RawMessage
			}
			if json.Unmarshal(lines.Bytes(), &line) != nil {
				continue
			}
			g := benchkit.Frame{Name: line.Event}
			_ = json.Unmarshal(line.Data, &g.Data)
			y.receive(g)
		}
	}()
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		_ = cmd.Wait()
	}()
	await(t, "the first event", time.Minute, func() bool {
		if y.len() == 0 {
			d.emit()
		}
		return y.len() > 0
	})
	first := y.inOrder()[0]
	n := torment(d, w)
	await(t, "all events", time.Minute, func() bool { return y.len() == n-first })
	require.Len(t, y.inOrder(), y.len(), "nothing twice")
}

func TestTheDocumentedBrowserClientSurvives(t *testing.T) {
	benchkit.Parallel(t)
	if testing.Short() {
		t.Skip("needs a browser: left out by -short")
	}
	d := &source{Daemon: dockertest.NewDaemon(t)}
	w := wharf(t, "h="+d.Addr())
	w.awaitHost("h")
	page := chromium(t)
	require.NoError(t, chromedp.Do(page, chromedp.Navigate(w.URL()+"/healthz")))
	_, err := chromedp.Run(page, chromedp.Evaluate[string](documented(t, "javascript", "// follow")+`
window.seen = [];
window.opened = follow('/events?type=image', { onEvent: (e) => window.seen.push(e.actor_id), onGap: () => {} });
'ok'`))
	require.NoError(t, err)
	seen := func() (ids []string) {
		text, err := chromedp.Run(page, chromedp.Evaluate[string](`JSON.stringify(window.seen)`))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal([]byte(text), &ids))
		return ids
	}
	await(t, "the first event", time.Minute, func() bool {
		d.emit()
		return len(seen()) > 0
	})
	first, _ := number(seen()[0])
	n := torment(d, w)
	await(t, "all events", time.Minute, func() bool { return len(seen()) >= n-first })
	for i, id := range seen() {
		at, _ := number(id)
		require.Equal(t, first+i, at, "each once, in order")
	}
}

// chromium starts the browser that the test bed names, or an installed one.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path := os.Getenv("WHARF_TEST_BROWSER")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	require.NotEmpty(t, path, "no browser to test with: run `make test`, or set WHARF_TEST_BROWSER to one")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
