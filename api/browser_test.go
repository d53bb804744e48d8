package api_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// browser starts a real Chromium, whose program may be named chromium or Chrome.
func browser(t *testing.T) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser: left out by -short")
	}
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
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A page of the server's own origin logs in and receives events, as the contract's JavaScript client does: with the cookie of the
// login, and with a ticket if there is no cookie.
func TestBrowserListensByCookieAndByTicket(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}})
	page := browser(t)
	script := strings.NewReplacer("$PASSWORD", w.password).Replace(`
(async () => {
  const json = {'Content-Type': 'application/json'};
  const login = await (await fetch('/login', {method: 'POST', headers: json,
    body: JSON.stringify({username: 'gildong', password: '$PASSWORD'})})).json();
  const bearer = {...json, Authorization: 'Bearer ' + login.access_token};
  const ticket = (await (await fetch('/v1/events/ticket', {method: 'POST', headers: bearer, body: '{}'})).json()).data.ticket;
  window.seen = {cookie: [], ticket: [], opened: 0};
  for (const [name, url] of [['cookie', '/events'], ['ticket', '/events?ticket=' + encodeURIComponent(ticket)]]) {
    const source = new EventSource(url);
    source.onopen = () => { window.seen.opened++; };
    source.addEventListener('container-event', (e) => window.seen[name].push(JSON.parse(e.data)));
  }
  return login.session_id;
})()`)
	require.NoError(t, chromedp.Do(page, chromedp.Navigate(w.url+"/healthz")))
	_, err := chromedp.Run(page, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	_, err = chromedp.Run(page, chromedp.Poll[bool](`window.seen.opened === 2`))
	require.NoError(t, err)
	d.Emit(dockertest.NewMessage("container", "die", strings.Repeat("4a", 32), map[string]string{"name": "redis", "exitCode": "137"}))

	_, err = chromedp.Run(page, chromedp.Poll[bool](`window.seen.cookie.length > 0 && window.seen.ticket.length > 0`))
	require.NoError(t, err)
	seen, err := chromedp.Run(page, chromedp.Evaluate[string](`JSON.stringify(window.seen)`))
	require.NoError(t, err)
	var got struct {
		Cookie, Ticket []struct {
			Host, Type, Action string
			ActorName          string `json:"actor_name"`
			Attrs              map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(seen), &got))
	require.Equal(t, got.Cookie, got.Ticket)
	require.Equal(t, "redis", got.Cookie[0].ActorName)
	require.Equal(t, "137", got.Cookie[0].Attrs["exitCode"])
}
