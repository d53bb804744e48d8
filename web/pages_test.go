package web_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/web/browsertest"
)

// pages are the addresses of all pages; {id} is a container of the host "one".
var pages = []string{
	"/", "/ui/containers", "/ui/containers?group=project", "/ui/containers/one/{id}", "/ui/containers/one/{id}?tab=inspect",
	"/ui/containers/one/{id}?tab=events", "/ui/containers/one/{id}?tab=logs", "/ui/logs", "/ui/images", "/ui/images?tab=volumes", "/ui/images?tab=networks", "/ui/operations", "/ui/events", "/ui/hosts", "/ui/hosts/one", "/ui/hosts/one?tab=events", "/ui/audit", "/ui/users", "/ui/users?tab=grants", "/ui/users?tab=sessions",
	"/ui/me", "/ui/no-such-page",
}

// hostile are texts that may come from engines, images and users.
var hostile = []string{
	`<img src=x onerror="window.pwned=1">`, `</bdi></a><script>window.pwned=1</script>`, `"><iframe src=javascript:window.pwned=1>`,
	"\x1b[31mred\x1b[0m\x1b]8;;javascript:alert(1)\x07link", "\u202Egnp.exe\u2066\u2067", "{{constructor.constructor('window.pwned=1')()}}",
	strings.Repeat("long<b>name</b>", 280),
}

// fixtureOfFakes has a host that answers, with containers of hostile names, and a host that doesn't.
func fixtureOfFakes(t *testing.T) (f *fixture, daemon *dockertest.Daemon, id string) {
	t.Helper()
	daemon = dockertest.NewDaemon(t)
	for _, text := range hostile {
		daemon.Add(dockertest.Container{
			Name: text, Image: text, Labels: map[string]string{"com.docker.compose.project": text, text: text}, Env: []string{"EVIL=" + text}, Cmd: []string{text},
		})
	}
	daemon.Add(dockertest.Container{Name: "ended", State: "exited", Exit: 137}, dockertest.Container{Name: "paused", State: "paused"})
	id = daemon.Add(dockertest.Container{Name: hostile[0] + "x", Image: hostile[1], Labels: map[string]string{hostile[0]: hostile[1]}, Env: hostile, Health: "unhealthy"})
	f = serve(t, []dockerx.HostConfig{{Name: "one", Addr: daemon.Addr()}, {Name: "gone", Addr: "tcp://127.0.0.1:1"}})
	f.signUp(admin)
	return f, daemon, id
}

// hostileUser creates a user, a grant and a key with hostile texts.
func (f *fixture) hostileUser() {
	token := f.token(admin)
	f.post("/v1/users", token, map[string]string{"username": "mallory", "password": password, "full_name": hostile[0], "email": "mallory@example.com", "role": "viewer"}, nil)
	f.post("/v1/grants", token, map[string]string{"username": "mallory", "hosts": "*", "labels": `<b>=<img/src=x>`, "role": "operator"}, nil)
	f.post("/v1/keys", token, map[string]string{"name": hostile[1], "role": "viewer"}, nil)
}

func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	f, daemon, id := fixtureOfFakes(t)
	f.hostileUser()
	tab := browsertest.Open(t)
	f.login(tab, admin, "/")
	for _, text := range hostile {
		daemon.Emit(dockertest.NewMessage("container", "die", id, map[string]string{"name": text, "exitCode": text, "signal": text, "image": text}))
		daemon.Emit(dockertest.NewMessage("image", "pull", text, map[string]string{"name": text}))
	}
	for _, page := range pages {
		tab.Go(f.url(strings.ReplaceAll(page, "{id}", id)))
		tab.Until(`document.querySelector('.link-state .good')`)
		tab.Until(`document.querySelector('main').textContent.length > 20`)
		tab.Press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)) // the palette lists all names
		tab.Until(`document.querySelectorAll('#hits li').length > 8`)
		made := browsertest.Eval[int](tab, `document.querySelectorAll('#page img, #page script, #page iframe, #page b b, #page style').length`)
		require.Zero(t, made, page)
		require.True(t, browsertest.Eval[bool](tab, `window.pwned === undefined`), page)
	}
	require.Empty(t, tab.Complaints())
}

// impact is a violation that axe reports.
type impact struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	f, _, id := fixtureOfFakes(t)
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	require.NoError(t, err, "`make web` installs it")
	tab := browsertest.Open(t)
	tab.Go(f.url("/"))
	tab.UntilSays("Log in")
	requireAccessible(t, tab, string(axe), "login")
	f.login(tab, admin, "/")
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 390} {
			tab.Look(width, 800, scheme)
			for _, page := range pages {
				tab.Go(f.url(strings.ReplaceAll(page, "{id}", id)))
				tab.Until(`document.querySelector('.link-state .good')`)
				tab.Until(`document.querySelector('main').textContent.length > 20`)
				requireAccessible(t, tab, string(axe), page+" "+scheme)
			}
		}
	}
}

func requireAccessible(t *testing.T, tab *browsertest.Tab, axe, what string) {
	t.Helper()
	browsertest.Eval[bool](tab, axe+";true")
	raw := browsertest.Eval[string](tab, `axe.run(document, {resultTypes: ['violations']}).then((r) => JSON.stringify(r.violations.map((v) =>
		({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => ({html: n.html.slice(0, 300), failureSummary: n.failureSummary}))}))))`)
	var found []impact
	require.NoError(t, json.Unmarshal([]byte(raw), &found))
	for _, v := range found {
		if v.Impact == "serious" || v.Impact == "critical" {
			t.Errorf("%s: %s: %s: %+v", what, v.Impact, v.Help, v.Nodes)
		}
	}
}

// Each role sees and is offered only what it may do, and a change of a role takes effect in the open page.
func TestRolesAreOfferedWhatTheyMayDo(t *testing.T) {
	t.Parallel()
	f, daemon, _ := fixtureOfFakes(t)
	plain := daemon.Add(dockertest.Container{Name: "plain", Labels: map[string]string{"team": "web"}, Env: []string{"API_TOKEN=hunter2"}})
	token := f.token(admin)
	f.post("/v1/users", token, map[string]string{"username": "hong", "password": password, "full_name": "Hong", "email": "hong@example.com", "role": "viewer"}, nil)
	tab := browsertest.Open(t)
	f.login(tab, "hong", "/ui/containers/one/"+plain+"?tab=inspect")
	tab.UntilSays("API_TOKEN")
	tab.UntilSays("masked")
	require.False(t, browsertest.Eval[bool](tab, `document.body.textContent.includes('hunter2')`))
	require.Zero(t, browsertest.Eval[int](tab, `document.querySelectorAll('.buttons button').length`), "a viewer is offered no action")

	f.post("/v1/grants", token, map[string]string{"username": "hong", "hosts": "one", "labels": "team=web", "role": "operator"}, nil)
	tab.Until(`document.querySelectorAll('.buttons button').length > 0`)
	tab.Click(`.nav a[href="/ui/containers"]`)
	tab.Until(`document.querySelectorAll('[role="grid"] input[type="checkbox"]').length === 1`)
	tab.Until(`document.title === "Containers · wharf"`) // set by an effect, after the grid is rendered
	daemon.Add(dockertest.Container{Name: "latecomer"})
	tab.UntilSays("latecomer") // it comes by an event, so the stream that the next change ends is resumed after it
	f.call(http.MethodPatch, "/v1/users/hong", token, map[string]string{"role": "none"}, nil)
	tab.Until(`document.querySelectorAll('[role="grid"] [role="row"]').length === 1`)
	var grants struct {
		Data struct{ Grants []struct{ ID string } }
	}
	f.call(http.MethodGet, "/v1/grants", token, nil, &grants)
	f.call(http.MethodDelete, "/v1/grants/"+grants.Data.Grants[0].ID, token, nil, nil)
	tab.UntilSays("Nothing was granted to you yet")
	f.call(http.MethodPatch, "/v1/users/hong", token, map[string]string{"role": "viewer"}, nil)
	tab.Until(`document.querySelectorAll('[role="grid"] [role="row"]').length > 5`)
	f.call(http.MethodDelete, "/v1/users/hong", token, nil, nil)
	tab.UntilSays("Your session has ended")
}

func TestKeyboardAloneReachesAContainer(t *testing.T) {
	t.Parallel()
	f, daemon, _ := fixtureOfFakes(t)
	id := daemon.Add(dockertest.Container{Name: "find-me"})
	tab := browsertest.Open(t)
	f.login(tab, admin, "/")
	tab.Press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	tab.Until(`document.activeElement?.getAttribute('role') === 'combobox'`)
	tab.Press("find-me")
	tab.Until(`document.querySelectorAll('#hits li').length === 1`)
	tab.Press("\r")
	tab.Until(`location.pathname === '/ui/containers/one/` + id + `'`)
	browsertest.Eval[any](tab, `history.back()`)
	tab.Until(`location.pathname === '/'`)
	tab.Click(`.nav a[href="/ui/containers"]`)
	tab.Until(`document.querySelector('[role="row"] a')`)
	// Not Press: it also types the character when the page prevents the key's default action.
	browsertest.Eval[bool](tab, `document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true, cancelable: true}))`)
	tab.Until(`document.activeElement?.name === 'find'`)
	tab.Press("find-me")
	tab.Until(`location.search === '?q=find-me' && document.querySelectorAll('[role="grid"] [role="row"] a').length === 1`)
}
