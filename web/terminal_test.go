package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/web/browsertest"
)

// shows waits until the terminal's screen contains the text.
func shows(tab *browsertest.Tab, text string) {
	tab.Until(`document.querySelector('.xterm-rows')?.textContent.includes(` + "`" + text + "`" + `)`)
}

func TestTerminalInThePage(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	f := serve(t, engineHosts([]dockertest.Engine{engine}))
	f.signUp(admin)
	id := engine.Run(t, dockertest.Spec{Name: "page-terminal"})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers/"+engine.Name+"/"+id+"?tab=terminal")

	// The container has no shell: the page reports the last attempt and offers to open a terminal again.
	tab.UntilSays("ended with exit code")

	tab.Type(`input[aria-label^="Command"]`, "/app cat"+kb.Enter)
	tab.Until(`document.querySelector('.xterm-helper-textarea') && !document.querySelector('.terminal .notice')`)
	tab.Click(".terminal-box")
	tab.Press("hello wharf")
	tab.Press(kb.Enter)
	shows(tab, "hello wharf")
	tab.Type(`input[name="find"]`, "wharf")
	require.Positive(t, browsertest.Eval[int](tab, `document.querySelectorAll('.xterm-selection div').length`), "what was found is selected")
	tab.Click(".terminal-box")
	require.Empty(t, tab.Complaints(), "no violation of the Content-Security-Policy, and no script's error")

	tab.Press("d", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	tab.UntilSays("ended with exit code 0")

	// The terminal has the window's size, also after a change.
	tab.Type(`input[aria-label^="Command"]`, "\b\b\bwinsize"+kb.Enter)
	tab.Until(`document.querySelector('.xterm-rows')?.textContent.match(/\d+ x \d+/)`)
	tab.Look(700, 600, "dark")
	tab.Until(`[...document.querySelectorAll('.xterm-rows > div')].filter((row) => /\d+ x \d+/.test(row.textContent)).length > 1`)

	// When the session ends, the terminal ends.
	other := tab.Another()
	other.Go(f.url("/"))
	other.ClickText("Log out")
	tab.Until(`document.querySelector('input[type="password"]')`)
	for _, complaint := range tab.Complaints() {
		require.Contains(t, complaint, "status of 401", "what the page asked as the session ended is refused, and nothing else is wrong")
	}
}

// In a container with a shell the page opens that shell, after trying others that don't exist. Full-screen programs use the alternate
// screen and get the terminal's size.
func TestPageFindsTheShell(t *testing.T) {
	t.Parallel()
	engine := dockertest.DefaultEngine(t)
	f := serve(t, engineHosts([]dockertest.Engine{engine}))
	f.signUp(admin)
	id := engine.Run(t, dockertest.Spec{Name: "page-shell", Cmd: []string{"sleep"}})
	engine.AddShell(t, id)
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers/"+engine.Name+"/"+id+"?tab=terminal")

	shows(tab, "$ ")
	tab.Click(".terminal-box")
	tab.Press("echo a shell")
	tab.Press(kb.Enter)
	tab.Until(`[...document.querySelectorAll('.xterm-rows > div')].some((row) => row.textContent.trim() === 'a shell')`)
	tab.Press("exit 3")
	tab.Press(kb.Enter)
	tab.UntilSays("ended with exit code 3")

	tab.Type(`input[aria-label^="Command"]`, "/app screen"+kb.Enter)
	tab.Until(`document.querySelector('.xterm-rows')?.textContent.match(/\d+ columns, \d+ rows/)`)
	require.NotContains(t, browsertest.Eval[string](tab, `document.querySelector('.xterm-rows').textContent`), "a shell", "the alternate screen")
	size := browsertest.Eval[string](tab, `document.querySelector('.xterm-rows').textContent.match(/\d+ columns, \d+ rows/)[0]`)
	tab.Look(700, 600, "dark")
	tab.Until("(document.querySelector('.xterm-rows')?.textContent.match(/\\d+ columns, \\d+ rows/)?.[0] ?? `" + size + "`) !== `" + size + "`")
	tab.Click(".terminal-box")
	tab.Press("q")
	tab.UntilSays("ended with exit code 0")
	require.Empty(t, tab.Complaints())
}
