package benchweb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_WEB")) }

const (
	username = "gildong"
	password = "correct horse battery"
)

// wharf starts the program with hosts in DOCKER_HOSTS' notation, and its first user.
func wharf(t *testing.T, hosts string) *benchkit.Process {
	t.Helper()
	p := benchkit.Wharf(t, "DOCKER_HOSTS="+hosts, "STATS_SOURCE=engine", "ALLOW_PLAIN_TCP=true")
	body, err := json.Marshal(map[string]string{"username": username, "password": password, "full_name": "Hong Gildong", "email": "gildong@example.com"})
	require.NoError(t, err)
	resp, err := http.Post(p.URL()+"/user", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return p
}

// browser starts a Chromium of its own, whose main process is the one returned.
func browser(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	path := os.Getenv("WHARF_TEST_BROWSER")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); path == "" && err == nil {
			path = found
		}
	}
	require.NotEmpty(t, path, "no browser: set WHARF_TEST_BROWSER to one")
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, limit)
	t.Cleanup(cancel)
	return ctx
}

// do runs actions that must succeed.
func do(t *testing.T, ctx context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// until waits for an expression to be true in the page.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	// Not chromedp.Poll: it evaluates texts inside the page, which the page's policy forbids.
	script := fmt.Sprintf(`new Promise((done, fail) => {
		const end = Date.now() + 30000;
		const look = () => { let ok = false; try { ok = !!(%s); } catch {} ok ? done(true) : Date.now() > end ? fail(new Error('never true')) : setTimeout(look, 20); };
		look();
	})`, expression)
	require.True(t, eval[bool](t, ctx, script), expression)
}

// eval returns what an expression, or the promise that it is, has come to.
func eval[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(t, err, expression)
	return v
}

// size makes the window that large, and dark or light.
func size(t *testing.T, ctx context.Context, width, height int64, scheme string) {
	t.Helper()
	do(t, ctx, chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	require.NoError(t, err)
}

// login opens the page and logs in.
func login(t *testing.T, ctx context.Context, url string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(url+"/"))
	until(t, ctx, `!!document.querySelector('input[name="username"]')`)
	do(t, ctx,
		chromedp.SendKeys(chromedp.CSS(`input[name="username"]`), username),
		chromedp.SendKeys(chromedp.CSS(`input[name="password"]`), password),
		chromedp.Click(chromedp.CSS(`form .primary`)))
	until(t, ctx, loaded)
}

// loaded is true when the lists are there and the stream is open.
const loaded = `!!document.querySelector('main .top') && !!document.querySelector('.link-state .good')`

func hostsSetting(addrs map[string]string, order ...string) string {
	text := ""
	for i, name := range order {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf("%s=%s", name, addrs[name])
	}
	return text
}
