package web_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/web/browsertest"
)

// An image is pulled with its progress shown, unused objects are shown and then removed, and a volume is removed after a question.
func TestStockInTheBrowser(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	f := serve(t, []dockerx.HostConfig{{Name: "one", Addr: d.Addr()}, {Name: "gone", Addr: "tcp://127.0.0.1:1"}})
	f.signUp(admin)
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/images")
	tab.UntilSays("nginx:1.27")
	tab.UntilSays("Not answering: gone")
	tab.Until(`document.querySelector('td a[href^="/ui/containers/one/"]').textContent === 'web'`)
	require.Zero(t, browsertest.Eval[int](tab, `[...document.querySelectorAll('td button')].length`), "what is in use can't be removed")

	more, done := make(chan struct{}), make(chan struct{})
	d.Handle("POST /images/create", func(w http.ResponseWriter, r *http.Request) {
		for _, step := range []chan struct{}{more, done} {
			fmt.Fprintln(w, `{"status":"Downloading","id":"0123456789ab","progressDetail":{"current":1000000,"total":4000000}}`)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-step:
			case <-r.Context().Done():
				return
			}
		}
	})
	tab.ClickText("Pull image")
	tab.Type(`dialog input[name="image"]`, "nginx:1.28")
	tab.Click(`dialog input[value="one"]`)
	tab.Click(`dialog form .primary`)
	tab.UntilSays("Downloading…")
	tab.UntilSays("1MB / 4MB")
	close(more)
	close(done)
	tab.UntilSays("Was up to date") // the fake has only one image
	tab.ClickText("Close")

	d.Remove(d.Containers()[0].ID)
	tab.ClickText("Clean up")
	tab.Click(`dialog input[value="volumes"]`)
	tab.Click(`dialog input[name="all"]`)
	tab.Click(`dialog form .primary`)
	tab.UntilSays("2 would go and free at least 70MB.")
	tab.ClickText("Remove these")
	tab.UntilSays("2 removed")
	tab.ClickText("Close")

	tab.Click(`nav.tabs a[href$="tab=volumes"]`)
	tab.UntilSays("data")
	tab.ClickText("Remove")
	tab.UntilSays("All that is in it is gone for good.")
	tab.Click(`dialog .danger`)
	tab.Until(`!document.querySelector('dialog')`)
	require.Equal(t, 2, d.Count("/volumes/data"))
	require.Empty(t, tab.Complaints())
}

// An operation on many containers is followed live, and cancelled.
func TestOperationsInTheBrowser(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "a"}, dockertest.Container{Name: "b"}, dockertest.Container{Name: "c"})
	steps := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(steps) })
	t.Cleanup(goOn)
	d.Answer("POST /containers/{id}/restart", func(string) int { <-steps; return http.StatusNoContent })
	f := serve(t, []dockerx.HostConfig{{Name: "one", Addr: d.Addr()}})
	f.signUp(admin)
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/operations")
	tab.UntilSays("No operations on many containers yet.")
	var op struct{ Data struct{ ID string } }
	f.post("/v1/operations", f.token(admin), map[string]any{"operation": "restart", "select": map[string]any{"host": []string{"one"}}}, &op)
	tab.Go(f.url("/ui/operations"))
	tab.Click(`td a[href="/ui/operations/` + op.Data.ID + `"]`)
	tab.UntilSays("0 of 3")
	steps <- struct{}{}
	tab.UntilSays("1 of 3")
	tab.ClickText("Cancel")
	goOn()
	tab.UntilSays("Cancelled")
	tab.UntilSays("3 of 3")
	require.Empty(t, tab.Complaints())
}

// On a real engine a container is renamed, limited and removed on its page.
func TestAContainerIsChangedInTheBrowser(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	name := "page-" + dockertest.NewID()[:12]
	id := e.Run(t, dockertest.Spec{Name: name, Cmd: []string{"sleep"}})
	f := serve(t, []dockerx.HostConfig{{Name: "one", Addr: e.Addr, CertDir: e.CertDir}})
	f.signUp(admin)
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers/one/"+id)
	tab.UntilSays(name)
	tab.ClickText("Rename")
	tab.Type(`dialog input[name="name"]`, name+"-new")
	tab.Click(`dialog form .primary`)
	tab.Until(`document.querySelector('h1').textContent === '` + name + `-new'`)
	tab.ClickText("Limits")
	tab.Type(`dialog input[name="memory"]`, "64")
	tab.Click(`dialog form .primary`)
	tab.Until(`!document.querySelector('dialog')`)
	require.EqualValues(t, 64<<20, e.Inspect(t, id).HostConfig.Memory)
	tab.ClickText("Remove")
	tab.Click(`dialog input[name="force"]`)
	tab.Click(`dialog form .primary`)
	tab.Until(`location.pathname === '/ui/containers'`)
	tab.Until(`![...document.querySelectorAll('.name')].some((n) => n.textContent === '` + name + `-new')`)
	require.Empty(t, tab.Complaints())
}

// On a real engine with a real registry: the registry gets no request before the click. Then the container with a newer image is
// marked, and it is updated after a question.
func TestAContainerIsUpdatedInTheBrowser(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)
	e, name := engines[0], "page-"+dockertest.NewID()[:12]
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	image := registry.Addr + "/shop:1"
	e.Commit(t, image, `CMD ["sleep"]`, "LABEL version=1")
	registry.PushImage(t, e, image)
	e.RemoveLabelled(t, name)
	e.Run(t, dockertest.Spec{Name: name, Image: image, Labels: map[string]string{name: ""}})
	newer := engines[1].Commit(t, image, `CMD ["sleep"]`, "LABEL version=2")
	registry.PushImage(t, engines[1], image)

	f := serve(t, engineHosts(engines[:1]))
	f.signUp(admin)
	tab := browsertest.Open(t)
	f.login(tab, admin, "/ui/containers?q="+name)
	stateOf(tab, name, "Running")
	asked := `performance.getEntriesByType('resource').filter((r) => r.name.includes('update=true')).length`
	require.Zero(t, browsertest.Eval[int](tab, asked))
	require.Zero(t, browsertest.Eval[int](tab, `document.querySelectorAll('.badge.accent').length`))
	tab.ClickText("Check for updates")
	tab.Until(`document.querySelector('[role="row"] .badge.accent')?.textContent === 'update'`)
	require.Positive(t, browsertest.Eval[int](tab, asked))

	tab.Click(`[role="row"] input[type="checkbox"]`)
	tab.ClickText("Update")
	tab.UntilSays("If that fails, the old one comes back.")
	tab.Click(`dialog .danger`)
	tab.Until(`!document.querySelector('dialog')`)
	tab.Until(`document.querySelector('.name')?.textContent === '` + name + `' && !document.querySelector('.badge.accent')`)
	all := e.Labelled(t, name)
	require.Len(t, all, 1)
	require.Equal(t, newer, all[0].ImageID)
	require.Equal(t, "running", all[0].State)
	require.Empty(t, tab.Complaints())
}
