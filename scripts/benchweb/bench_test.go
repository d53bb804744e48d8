package benchweb

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
	"wharf/web/browsertest"
)

// opened starts a wharf with one host, and a browser that is logged in.
func opened(t *testing.T, host *dockertest.Daemon) (*benchkit.Process, *browsertest.Tab) {
	t.Helper()
	tab := browser(t)
	p := wharf(t, "farm="+host.Addr())
	login(tab, p.URL()+"/")
	return p.Process, tab
}

// watch makes each page record when the first row of a list appeared.
const watch = `new MutationObserver((_, observer) => {
	if (!document.querySelector('[role="row"] a')) return;
	observer.disconnect();
	requestAnimationFrame(() => setTimeout(() => { window.firstRow = performance.now(); }));
}).observe(document, {childList: true, subtree: true})`

func TestFirstPaint(t *testing.T) {
	benchkit.Parallel(t)
	p, tab := opened(t, many(t, 500))
	_, err := chromedp.Call(tab.Context(), page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watch})
	require.NoError(t, err)
	best := math.Inf(1)
	for range benchkit.Size(2, 10) {
		tab.Go(p.URL() + "/ui/containers")
		tab.Until(`window.firstRow`)
		best = min(best, browsertest.Eval[float64](tab, `window.firstRow`))
	}
	// A slow connection, on which the page may load only few bytes before it shows something.
	_, err = chromedp.Call(tab.Context(), network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	require.NoError(t, err)
	_, err = chromedp.Call(tab.Context(), network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Latency: 40, DownloadThroughput: 100_000, UploadThroughput: 100_000}},
	})
	require.NoError(t, err)
	tab.Go(p.URL() + "/ui/containers")
	tab.Until(`window.firstRow && performance.getEntriesByName('first-contentful-paint').length`)
	painted := browsertest.Eval[int](tab, fmt.Sprintf(bytesBefore, `performance.getEntriesByName('first-contentful-paint')[0].startTime`))
	useful := browsertest.Eval[int](tab, fmt.Sprintf(bytesBefore, `window.firstRow`))
	all, terminal := packed(t)
	benchkit.Figure("bytes before the first paint, on a slow line", "≤ 25 kB", "%.1f kB", float64(painted)/1000)
	benchkit.Figure("bytes of the page before the first rows of Containers", "", "%.1f kB", float64(useful)/1000)
	benchkit.Figure("bytes of all files, gzip", "≤ 170 kB", "%.1f kB, of them the terminal, which comes when one is opened, %.1f kB", float64(all)/1000, float64(terminal)/1000)
	benchkit.Figure("first rows of Containers with 500 containers, from navigation", "≤ 300 ms", "%.0f ms, the best of several", best)
	benchkit.Within(t, painted <= 25_000, "too much comes before the first paint")
	require.LessOrEqual(t, all-terminal, 125_000)
	benchkit.Within(t, best <= 300, "the first rows come late")
}

// bytesBefore adds up the compressed sizes of the page's files that were loaded by a time.
const bytesBefore = `((until) => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
	.filter((e) => e.responseEnd <= until && e.name.includes('/ui/')).reduce((sum, e) => sum + e.encodedBodySize, 0))(%s)`

// packed returns the gzip size in bytes of all files of the page, and of the largest, the terminal's.
func packed(t *testing.T) (sum, largest int) {
	t.Helper()
	require.NoError(t, filepath.WalkDir("../../web/dist", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".gz") {
			return err
		}
		info, err := e.Info()
		sum, largest = sum+int(info.Size()), max(largest, int(info.Size()))
		return err
	}))
	return sum, largest
}

func TestFilterTenThousandRows(t *testing.T) {
	benchkit.Parallel(t)
	rows := benchkit.Size(1000, 10_000)
	p, tab := opened(t, many(t, rows))
	tab.Go(p.URL() + "/ui/containers")
	tab.Until(fmt.Sprintf(`document.querySelector('.top .tab')?.textContent.replace(',', '') === '%d'`, rows))
	took := browsertest.Eval[[]float64](tab, `(async () => {
		const input = document.querySelector('input[name="find"]');
		const took = [];
		for (const text of ['1', '12', '123', '12', '1', '', 'job-0', 'job-00', 'batch-3', 'batch', 'x', '']) {
			await new Promise((next) => setTimeout(next, 300));
			const begun = performance.now();
			input.value = text;
			input.dispatchEvent(new Event('input', {bubbles: true}));
			await new Promise((next) => requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = next; channel.port2.postMessage(0); }));
			took.push(performance.now() - begun);
		}
		return took.sort((a, b) => a - b);
	})()`)
	median := took[len(took)/2]
	benchkit.Figure(fmt.Sprintf("filter %d rows, key to frame", rows), "≤ 50 ms", "median %.0f ms, most %.0f ms", median, took[len(took)-1])
	benchkit.Within(t, median <= 50, "filtering is slow")
}

// frames starts to measure how long frames take.
const frames = `window.took = []; (() => { let last = performance.now(); const next = (now) => {
	window.took.push(now - last); last = now; requestAnimationFrame(next); }; requestAnimationFrame(next); })()`

// framesSeen holds the longest frame and the 99th percentile, in milliseconds.
type framesSeen struct{ Longest, P99 float64 }

func (f framesSeen) String() string { return fmt.Sprintf("%.0f ms, p99 %.0f ms", f.Longest, f.P99) }

func seen(tab *browsertest.Tab) framesSeen {
	return browsertest.Eval[framesSeen](tab, `(() => { const all = window.took.toSorted((a, b) => b - a);
		return {Longest: all[0], P99: all[Math.floor(all.length / 100)]}; })()`)
}

// idle measures the frames of an idle page, which show the machine's own delays.
func idle(tab *browsertest.Tab, url string) framesSeen {
	tab.Go(url + "/healthz")
	browsertest.Eval[any](tab, frames)
	time.Sleep(time.Duration(benchkit.Size(1, 30)) * time.Second)
	return seen(tab)
}

// smooth reports whether no frame took over 100 ms, or over twice the longest of an idle page.
func (f framesSeen) smooth(idle framesSeen) bool { return f.Longest <= max(100, 2*idle.Longest) }

func heap(t *testing.T, tab *browsertest.Tab) float64 {
	t.Helper()
	_, err := chromedp.Call(tab.Context(), heapprofiler.CollectGarbage, struct{}{})
	require.NoError(t, err)
	used, err := chromedp.Call(tab.Context(), runtime.GetHeapUsage, struct{}{})
	require.NoError(t, err)
	return float64(used.UsedSize) / (1 << 20)
}

func TestManyEvents(t *testing.T) {
	benchkit.Parallel(t)
	for _, path := range []string{"/ui/events", "/ui/containers"} {
		daemon := many(t, 500)
		p, tab := opened(t, daemon)
		alone := idle(tab, p.URL())
		tab.Go(p.URL() + path)
		tab.Until(live)
		all := daemon.Containers()
		storm := func(n int) {
			pace := time.NewTicker(5 * time.Millisecond)
			defer pace.Stop()
			for i := range n {
				<-pace.C
				c := all[i%len(all)]
				action := []string{"die", "start"}[i/len(all)%2]
				daemon.Emit(dockertest.NewMessage("container", action, c.ID, map[string]string{"name": c.Name, "exitCode": "0"}))
			}
		}
		storm(benchkit.Size(50, 6000)) // warm-up: buffers that are kept exist from here on
		before := heap(t, tab)
		browsertest.Eval[any](tab, frames)
		storm(benchkit.Size(100, 12_000))
		longest := seen(tab)
		after := heap(t, tab)
		benchkit.Figure("200 events/s for a minute on "+path, "no frame over 100 ms, heap ± 5 MB", "longest frame %s (an idle page: %s), heap %.1f → %.1f MB", longest, alone, before, after)
		benchkit.Within(t, longest.smooth(alone), "a frame takes too long")
		benchkit.Within(t, math.Abs(after-before) <= 5, "the heap grows")
	}
}

func TestManyLines(t *testing.T) {
	benchkit.Parallel(t)
	daemon := dockertest.NewDaemon(t)
	id := daemon.Add(dockertest.Container{Name: "writer"})
	rounds := benchkit.Size(4, 600)
	daemon.Handle("GET /containers/{id}/logs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.docker.raw-stream")
		pace := time.NewTicker(100 * time.Millisecond)
		defer pace.Stop()
		for i := range rounds {
			for j := range 500 {
				text := fmt.Sprintf("level=info msg=\"request %d\" path=/api/v1/things/%d status=200 duration=12ms\n", i*500+j, j)
				if _, err := w.Write(dockertest.LogFrame(1, time.Now(), text)); err != nil {
					return
				}
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-pace.C:
			case <-r.Context().Done():
				return
			}
		}
		daemon.Hang(w, r)
	})
	p, tab := opened(t, daemon)
	alone := idle(tab, p.URL())
	tab.Go(p.URL() + "/ui/logs?container=farm%2F" + id)
	tab.Until(`document.querySelectorAll('.log-row').length > 5`)
	browsertest.Eval[any](tab, frames)
	shown := `Number(/[0-9,]+/.exec(document.querySelector('.log-foot').textContent)[0].replaceAll(',', ''))`
	tab.UntilFor(3*time.Minute, fmt.Sprintf(`%s >= %d`, shown, rounds*500))
	longest := seen(tab)
	browsertest.Eval[any](tab, `(async () => {
		const box = document.querySelector('.scroller');
		window.took = [];
		for (let i = 0; i < 60; i++) {
			box.scrollTop = box.scrollHeight * (1 - i / 60);
			await new Promise((next) => requestAnimationFrame(next));
		}
	})()`)
	scrolled := seen(tab)
	benchkit.Figure(fmt.Sprintf("log page: 5,000 lines/s, %d in all", rounds*500), "no frame over 100 ms, scrolling smooth", "longest frame %s (an idle page: %s), while scrolling %s", longest, alone, scrolled)
	benchkit.Within(t, longest.smooth(alone) && scrolled.smooth(alone), "a frame takes too long")
}

func TestAtRest(t *testing.T) {
	benchkit.Parallel(t)
	p, tab := opened(t, many(t, 100))
	time.Sleep(time.Duration(benchkit.Size(1, 10)) * time.Second)
	length := time.Duration(benchkit.Size(2, 30)) * time.Second
	page, server := cost(t, p, tab, length)
	browsertest.Eval[any](tab, `Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true}); document.dispatchEvent(new Event('visibilitychange'))`)
	time.Sleep(time.Second)
	asked := browsertest.Eval[int](tab, `performance.getEntriesByType('resource').length`)
	hidden, serverHidden := cost(t, p, tab, length)
	asked = browsertest.Eval[int](tab, `performance.getEntriesByType('resource').length`) - asked
	benchkit.Figure("a fleet page at rest, visible", "≤ 2 % of a core", "browser %.1f %%, wharf %.1f %%", page, server)
	benchkit.Figure("the same, hidden", "0 %, 0 requests", "browser %.1f %%, wharf %.1f %%, %d requests", hidden, serverHidden, asked)
	require.Zero(t, asked)
	benchkit.Within(t, page <= 2 && server <= 2, "a page at rest costs too much")
}

// cost returns the CPU time of the tab's browser and of wharf over a time, in percent of a core.
func cost(t *testing.T, p *benchkit.Process, tab *browsertest.Tab, length time.Duration) (browser, server float64) {
	t.Helper()
	before, serverBefore := browserCPU(tab.Context(), t), p.CPU()
	time.Sleep(length)
	return (browserCPU(tab.Context(), t) - before) / length.Seconds() * 100, (p.CPU() - serverBefore).Seconds() / length.Seconds() * 100
}

// browserCPU returns the CPU time that all processes of the browser have used, in seconds.
func browserCPU(ctx context.Context, t *testing.T) (sum float64) {
	t.Helper()
	info, err := chromedp.CallBrowser(ctx, systeminfo.GetProcessInfo, struct{}{})
	require.NoError(t, err)
	for _, process := range info.ProcessInfo {
		sum += process.CPUTime
	}
	return sum
}

// The page's share of the binary's size: it is built with the page and without it.
func TestBinaryGrowsLittle(t *testing.T) {
	benchkit.Parallel(t)
	if !benchkit.Full {
		return // two more builds are for the full run only
	}
	dist, err := filepath.Abs("../../web/dist")
	require.NoError(t, err)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	require.NoError(t, filepath.WalkDir(dist, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && e.Name() != "index.html.gz" { // a directory to embed must not be empty
			overlay.Replace[path] = "" // the file doesn't exist for this build
		}
		return err
	}))
	dir := t.TempDir()
	raw, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), raw, 0o600))
	size := func(name string, flags ...string) int64 {
		out := filepath.Join(dir, name)
		args := append(append([]string{"build", "-ldflags", "-s -w"}, flags...), "-o", out, "wharf")
		text, err := exec.Command("go", args...).CombinedOutput()
		require.NoError(t, err, "%s", text)
		info, err := os.Stat(out)
		require.NoError(t, err)
		return info.Size()
	}
	grown := size("with") - size("without", "-overlay", filepath.Join(dir, "overlay.json"))
	benchkit.Figure("wharf's binary grows by", "≤ 600 KiB", "%d KiB", grown>>10)
	require.LessOrEqual(t, grown, int64(600<<10))
}
