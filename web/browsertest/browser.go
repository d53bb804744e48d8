// Package browsertest drives a real Chromium in tests: one browser per test, with any number of tabs.
package browsertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience is how long a condition in a page may take to become true on a busy machine.
const patience = 60 * time.Second

// Tab is a tab of a browser. Its methods fail the test on an error.
type Tab struct {
	t   testing.TB
	ctx context.Context //nolint:containedctx // chromedp keeps a tab in its context

	mu         sync.Mutex
	complaints []string
}

// Open starts a browser, Chromium or Chrome, with one tab, until the test ends.
func Open(t testing.TB) *Tab {
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
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"))
	alloc, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	return tab(alloc, t)
}

func tab(parent context.Context, t testing.TB) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent)
	t.Cleanup(cancel)
	b := &Tab{t: t, ctx: ctx}
	messages := chromedp.Console(ctx) // starts the browser
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == "error" || m.Type == chromedp.ConsoleException {
				b.mu.Lock()
				b.complaints = append(b.complaints, m.Text)
				b.mu.Unlock()
			}
		}
	}()
	return b
}

// Another opens another tab of the same browser, with the same cookies and storage.
func (b *Tab) Another() *Tab {
	b.t.Helper()
	return tab(b.ctx, b.t)
}

// Complaints returns the errors that the browser has reported: violations of the Content-Security-Policy, uncaught exceptions, failed
// requests.
func (b *Tab) Complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.complaints...)
}

// Do runs actions of chromedp.
func (b *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

// Go opens an address and waits until it is loaded.
func (b *Tab) Go(url string) {
	b.t.Helper()
	b.Do(chromedp.Navigate(url))
}

// Reload loads the page again.
func (b *Tab) Reload() {
	b.t.Helper()
	b.Do(chromedp.Reload())
}

// Eval returns the value of an expression, or of the promise that it returns.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// Until waits until an expression is true. It doesn't use chromedp.Poll, which evaluates strings inside the page: the page's
// Content-Security-Policy forbids that.
func (b *Tab) Until(expression string) {
	b.t.Helper()
	b.UntilFor(patience, expression)
}

// UntilFor is Until with another limit.
func (b *Tab) UntilFor(limit time.Duration, expression string) {
	b.t.Helper()
	script := fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + %d;
		const look = () => {
			let is = false;
			try { is = !!(%s); } catch {}
			if (is || Date.now() > end) done(is); else setTimeout(look, 20);
		};
		look();
	})`, limit.Milliseconds(), expression)
	if !Eval[bool](b, script) {
		text := Eval[string](b, `document.body.innerText.slice(0, 2000)`)
		require.FailNow(b.t, "never true: "+expression, "the page says:\n%s\n\nthe browser: %q", text, b.Complaints())
	}
}

// UntilSays waits until the page shows a text.
func (b *Tab) UntilSays(text string) {
	b.t.Helper()
	b.Until(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// Click waits for the first element that matches a CSS selector, and clicks it.
func (b *Tab) Click(selector string) {
	b.t.Helper()
	b.Until(fmt.Sprintf(`document.querySelector(%q)`, selector))
	b.Do(chromedp.Click(chromedp.CSS(selector)))
}

// ClickText clicks the first visible button or link with a text.
func (b *Tab) ClickText(text string) {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll('button, a')].find((e) => e.textContent.trim() === %q && e.checkVisibility())`, text)
	b.Until(find)
	Eval[bool](b, find+`.click() ?? true`)
}

// Type enters a text into a field.
func (b *Tab) Type(selector, text string) {
	b.t.Helper()
	b.Until(fmt.Sprintf(`document.querySelector(%q)`, selector))
	b.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press sends keys to the focused element.
func (b *Tab) Press(keys string, opts ...chromedp.KeyOption) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys, opts...))
}

// Look sets the window's size and the preferred colour scheme, "light" or "dark".
func (b *Tab) Look(width, height int64, scheme string) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	require.NoError(b.t, err)
}

// Picture returns a screenshot of the visible part, as PNG.
func (b *Tab) Picture() []byte {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	require.NoError(b.t, err)
	return png
}

// Context returns the tab's context for chromedp.
func (b *Tab) Context() context.Context { return b.ctx }
