package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service/pulls"
)

type stockRow struct {
	Host, ID, Name string
	Tags           []string
	Dangling       bool
	UsedBy         []struct{ ID, Name string } `json:"used_by"`
}

type stockAnswer struct {
	Images, Volumes, Networks []stockRow
	Hosts                     []struct {
		Host  string
		OK    bool
		Error string
	}
	Cursor string
}

func (w *fixture) stock(t *testing.T, token, path string) (s stockAnswer) {
	t.Helper()
	a := w.call("GET", path, token, nil)
	require.Equal(t, http.StatusOK, a.status, a.body)
	a.data(t, &s)
	return s
}

func escaped(name string) string { return url.PathEscape(name) }

// On real engines: images, volumes and networks are listed with their containers, and can't be removed while one uses them.
func TestStockOfRealEngines(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)[:2]
	w := setup(t, append(engineHosts(engines), dockerx.HostConfig{Name: "dead", Addr: "tcp://127.0.0.1:1"}))
	tag := "stock-" + dockertest.NewID()[:12]
	engines[0].ImportImage(t, "example.org/"+tag+":1", []byte(tag))
	used := "example.org/" + dockertest.NewID()[:12] + ":1" // not the tests' own image: it could be removed by a tag that a test gives it
	engines[0].ImportImage(t, used, []byte("used by "+tag))
	engines[0].Run(t, dockertest.Spec{Image: used, Cmd: []string{"none"}, Created: true})
	back := engines[0].Network(t, tag)
	id := engines[0].Run(t, dockertest.Spec{
		Cmd: []string{"sleep"}, Labels: map[string]string{"app": tag}, Networks: []string{back}, Mounts: []string{tag + ":/data"},
	})
	w.eventually("?type=host", "connected")

	images := w.stock(t, w.admin, "/v1/images?name=wharf-test")
	require.Len(t, images.Hosts, 3)
	require.False(t, images.Hosts[2].OK)
	require.Contains(t, images.Hosts[2].Error, "refused")
	require.GreaterOrEqual(t, len(images.Images), 2)
	mine := w.stock(t, w.admin, "/v1/images?in_use=false&q="+tag).Images
	require.Len(t, mine, 1)
	require.Equal(t, []string{"example.org/" + tag + ":1"}, mine[0].Tags)
	require.Empty(t, mine[0].UsedBy)
	require.Empty(t, w.stock(t, w.admin, "/v1/images?dangling=true&q="+tag).Images)

	for _, kind := range []string{"volumes", "networks"} {
		s := w.stock(t, w.admin, "/v1/"+kind+"?in_use=true&host="+engines[0].Name+"&name="+tag)
		rows := append(s.Volumes, s.Networks...)
		require.Len(t, rows, 1, kind)
		require.Equal(t, id, rows[0].UsedBy[0].ID)
	}
	host := "/v1/hosts/" + engines[0].Name
	for path, status := range map[string]int{
		"/volumes/" + tag: 409, "/networks/" + back: 409, "/networks/bridge": 409, "/images/" + escaped(used): 409,
		"/images/" + escaped("../containers/x"): 400, "/images/UPPER": 400, "/volumes/" + escaped("a/b"): 400, "/volumes/no-such": 404, "/networks/no-such": 404,
		"/images/" + escaped("example.org/no-such:1"): 404,
	} {
		a := w.call("DELETE", host+path, w.admin, nil)
		require.Equal(t, status, a.status, "%s: %s", path, a.body)
	}

	// A viewer of one container sees only what that container uses, and even an operator of it may not remove anything.
	w.person("narrow", "none")
	w.grant("narrow", engines[0].Name, "app="+tag, "operator")
	narrow := w.login("narrow", "password-of-narrow").access
	require.Len(t, w.stock(t, narrow, "/v1/networks").Networks, 1)
	require.Len(t, w.stock(t, narrow, "/v1/images").Images, 1)
	require.Equal(t, http.StatusForbidden, w.call("DELETE", host+"/volumes/"+tag, narrow, nil).status)
	require.Equal(t, http.StatusForbidden, w.call("POST", "/v1/prune", narrow, `{"what":["images"]}`).status)

	engines[0].Remove(t, id)
	w.person("wide", "none")
	w.grant("wide", engines[0].Name, "", "operator")
	wide := w.login("wide", "password-of-wide").access
	for _, path := range []string{"/networks/" + back, "/volumes/" + tag, "/images/" + escaped("example.org/"+tag+":1")} {
		a := w.call("DELETE", host+path, wide, nil)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
	}
	require.Empty(t, w.stock(t, w.admin, "/v1/images?q="+tag).Images)
	require.Empty(t, w.stock(t, w.admin, "/v1/volumes?q="+tag).Volumes)
	audit := w.call("GET", "/v1/audit?user=wide", w.admin, nil).body
	for _, action := range []string{"network.remove", "volume.remove", "image.remove"} {
		require.Contains(t, audit, action)
	}
}

func TestStockComesInPages(t *testing.T) {
	t.Parallel()
	w, _ := oneHost(t)
	host := w.stock(t, w.admin, "/v1/networks?limit=1")
	require.Len(t, host.Networks, 1)
	require.NotEmpty(t, host.Cursor)
	next := w.stock(t, w.admin, "/v1/networks?limit=1&cursor="+host.Cursor)
	require.Len(t, next.Networks, 1)
	require.Empty(t, next.Cursor)
	require.NotEqual(t, host.Networks[0].ID, next.Networks[0].ID)
	require.Equal(t, http.StatusBadRequest, w.call("GET", "/v1/networks?cursor=%21", w.admin, nil).status)
	for _, kind := range []string{"images", "volumes", "networks"} {
		require.Equal(t, http.StatusNotFound, w.call("GET", "/v1/"+kind+"?host=nowhere", w.admin, nil).status)
	}
}

type prunedAnswer struct {
	DryRun bool `json:"dry_run"`
	Items  []struct {
		Host, What, ID, Name, State, Detail string
		Bytes                               int64
	}
	Freed int64
}

func (w *fixture) prune(t *testing.T, body any) (p prunedAnswer) {
	t.Helper()
	a := w.call("POST", "/v1/prune", w.admin, body)
	require.Equal(t, http.StatusOK, a.status, a.body)
	a.data(t, &p)
	return p
}

// On a separate engine: a dry run shows what nothing uses, and the real run removes that, except what came into use meanwhile.
func TestPruneRemovesWhatItHasShown(t *testing.T) {
	t.Parallel()
	e := dockertest.NewOwnEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e.Engine}))
	e.ImportImage(t, "example.org/idle:1", []byte(strings.Repeat("idle", 1000)))
	e.ImportImage(t, "example.org/wanted:1", []byte("wanted"))
	idle, busy := e.Network(t, "idle"), e.Network(t, "busy")
	running := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Networks: []string{busy}, Mounts: []string{"busy:/data"}})
	ended := e.Run(t, dockertest.Spec{Cmd: []string{"exit", "0"}, Mounts: []string{"idle:/data"}})
	e.AwaitExit(t, ended)
	fresh := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}, Created: true})

	all := map[string]any{"what": []string{"containers", "images", "volumes", "networks"}, "all": true}
	plan := w.prune(t, all)
	require.True(t, plan.DryRun)
	found := map[string]int{}
	only := []map[string]any{}
	for i, item := range plan.Items {
		require.Equal(t, "planned", item.State)
		found[item.What+" "+item.Name] = i
		id := item.ID
		if item.What != "volumes" {
			id = strings.TrimPrefix(id, "sha256:")[:12]
		}
		only = append(only, map[string]any{"host": e.Name, "what": item.What, "ids": []string{id}})
	}
	require.Len(t, plan.Items, 5, "%+v", plan.Items)
	for _, name := range []string{"images example.org/idle:1", "images example.org/wanted:1", "volumes idle", "networks " + idle} {
		require.Contains(t, found, name)
	}
	require.Equal(t, ended, plan.Items[0].ID, "containers come first")
	require.Positive(t, plan.Freed)
	require.Equal(t, plan.Items, w.prune(t, all).Items, "a dry run changes nothing")

	late := e.Run(t, dockertest.Spec{Image: "example.org/wanted:1", Cmd: []string{"/content"}, Created: true})
	e.Network(t, "late")
	all["dry_run"], all["only"] = false, only
	done := w.prune(t, all)
	removed := map[string]bool{}
	for _, item := range done.Items {
		require.Equal(t, "removed", item.State, "%+v", item)
		removed[item.What+" "+item.Name] = true
	}
	require.Len(t, removed, 4, "%+v", done.Items)
	require.False(t, removed["images example.org/wanted:1"], "it came into use")
	left := w.stock(t, w.admin, "/v1/networks?q=late")
	require.Len(t, left.Networks, 1, "it was not shown")
	for _, id := range []string{running, fresh, late} {
		require.Equal(t, http.StatusOK, w.call("GET", "/v1/hosts/"+e.Name+"/containers/"+id, w.admin, nil).status)
	}
	require.Equal(t, http.StatusNotFound, w.call("GET", "/v1/hosts/"+e.Name+"/containers/"+ended, w.admin, nil).status)

	for _, bad := range []string{`{}`, `{"what":[]}`, `{"what":["all"]}`, `{"what":["images"],"hosts":["` + e.Name + `","` + e.Name + `"]}`} {
		require.Equal(t, http.StatusBadRequest, w.call("POST", "/v1/prune", w.admin, bad).status, bad)
	}
	require.Equal(t, http.StatusNotFound, w.call("POST", "/v1/prune", w.admin, `{"what":["images"],"hosts":["nowhere"]}`).status)
}

// If an engine refuses to remove an item that came into use, the item is kept, and the answer gives the reason.
func TestPruneKeepsWhatTheEngineRefuses(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	for _, c := range d.Containers() {
		d.Remove(c.ID)
	}
	d.Handle("DELETE /volumes/{name}", func(w http.ResponseWriter, _ *http.Request) {
		dockertest.Fail(w, http.StatusConflict, "remove data: volume is in use - [abc]")
	})
	p := w.prune(t, `{"what":["volumes"],"all":true,"dry_run":false}`)
	require.Len(t, p.Items, 1)
	require.Equal(t, "kept", p.Items[0].State)
	require.Contains(t, p.Items[0].Detail, "volume is in use")
	require.Zero(t, p.Freed)
}

// On real engines and a real registry: one call pulls an image on two hosts, and a stream shows each host's progress.
func TestPullOnManyHosts(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)[:2]
	registry := dockertest.NewRegistry(t, dockertest.RegistryOptions{})
	name := registry.Push(t, engines[0], "team/app:1", []byte("one"))
	for _, e := range engines {
		t.Cleanup(func() { e.RemoveImage(t, name) })
	}
	w := setup(t, engineHosts(engines))
	pull := func(image string) (p struct{ ID, State string }) {
		body := fmt.Sprintf(`{"image":%q,"hosts":[%q,%q]}`, image, engines[0].Name, engines[1].Name)
		a := w.call("POST", "/v1/images/pull", w.admin, body)
		require.Equal(t, http.StatusAccepted, a.status, a.body)
		require.NoError(t, json.Unmarshal([]byte(a.body), &struct{ Data any }{&p}))
		return p
	}
	p := pull(name)
	require.Equal(t, "running", p.State)
	l := w.listen("/v1/images/pulls/"+p.ID, w.admin)
	last := map[string]string{}
	for {
		f := l.next()
		if f.event == "end" {
			require.JSONEq(t, `{"state":"succeeded"}`, f.data)
			break
		}
		var h struct{ Host, State string }
		require.NoError(t, json.Unmarshal([]byte(f.data), &h))
		last[h.Host] = h.State
	}
	require.Equal(t, map[string]string{engines[0].Name: "succeeded", engines[1].Name: "succeeded"}, last)
	require.Len(t, w.stock(t, w.admin, "/v1/images?name="+escaped(name)).Images, 2)
	a := w.call("GET", "/v1/images/pulls/"+p.ID, w.admin, nil)
	require.Contains(t, a.body, `"digest":"sha256:`)
	require.Contains(t, w.call("GET", "/v1/audit?action=image.pull", w.admin, nil).body, name)

	p = pull(registry.Addr + "/team/none:1")
	l = w.listen("/v1/images/pulls/"+p.ID, w.admin)
	for f := l.next(); f.event != "end"; f = l.next() {
	}
	a = w.call("GET", "/v1/images/pulls/"+p.ID, w.admin, nil)
	require.Contains(t, a.body, `"reason":"unknown"`)
	require.Contains(t, a.body, `"state":"failed"`)
}

func TestPullsAreRefusedAndCancelled(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Handle("POST /images/create", d.Hang)
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}}, func(o *api.Options) { o.Pulls = pulls.New(o.Hosts, pulls.Options{PerUser: 1}) })
	for body, status := range map[string]int{
		`{"image":"UPPER","hosts":["a"]}`: 400, `{"image":"nginx","hosts":[]}`: 400, `{"image":"nginx","hosts":["a"],"platform":"x"}`: 400,
		`{"image":"nginx","hosts":["nowhere"]}`: 404, `{"image":"nginx","hosts":["a","a"]}`: 400,
	} {
		a := w.call("POST", "/v1/images/pull", w.admin, body)
		require.Equal(t, status, a.status, "%s: %s", body, a.body)
	}
	a := w.call("POST", "/v1/images/pull", w.admin, `{"image":"nginx","hosts":["a"]}`)
	require.Equal(t, http.StatusAccepted, a.status, a.body)
	var p struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(a.body), &struct{ Data any }{&p}))
	refused := w.call("POST", "/v1/images/pull", w.admin, `{"image":"nginx","hosts":["a"]}`)
	require.Equal(t, http.StatusTooManyRequests, refused.status, refused.body)

	viewer := w.person("viewer", "viewer")
	w.person("nobody", "none")
	w.grant("nobody", "a", "team=web", "operator")
	none := w.login("nobody", "password-of-nobody").access
	require.Equal(t, http.StatusOK, w.call("GET", "/v1/images/pulls/"+p.ID, viewer, nil).status)
	require.Equal(t, http.StatusForbidden, w.call("DELETE", "/v1/images/pulls/"+p.ID, viewer, nil).status)
	require.Equal(t, http.StatusNotFound, w.call("GET", "/v1/images/pulls/"+p.ID, none, nil).status)
	require.Equal(t, http.StatusNotFound, w.call("GET", "/v1/images/pulls/"+uuid.NewString(), w.admin, nil).status)

	l := w.listen("/v1/images/pulls/"+p.ID, w.admin)
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/images/pulls/"+p.ID, w.admin, nil).status)
	for f := l.next(); f.event != "end"; f = l.next() {
	}
	require.Contains(t, w.call("GET", "/v1/images/pulls/"+p.ID, w.admin, nil).body, `"state":"cancelled"`)
}

func TestOperationsAreListed(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	d.Add(dockertest.Container{Name: "web", State: "exited"})
	w.listed(1)
	operator := w.person("operator", "operator")
	var ids []string
	for _, who := range []string{w.admin, operator, w.admin} {
		ids = append(ids, w.begin(t, who, `{"operation":"start","select":{"host":["119server"]}}`).ID)
	}
	type page struct {
		Operations []struct {
			ID, User, Operation        string
			Targets, Succeeded, Failed int
		}
		Cursor string
	}
	list := func(token, query string) (p page) {
		w.call("GET", "/v1/operations"+query, token, nil).data(t, &p)
		return p
	}
	all := list(w.admin, "?limit=2")
	require.Len(t, all.Operations, 2)
	require.Equal(t, ids[2], all.Operations[0].ID, "the latest first")
	require.Positive(t, all.Operations[0].Targets)
	rest := list(w.admin, "?limit=2&cursor="+all.Cursor)
	require.Len(t, rest.Operations, 1)
	require.Empty(t, rest.Cursor)
	own := list(operator, "")
	require.Len(t, own.Operations, 1)
	require.Equal(t, "operator", own.Operations[0].User)
	require.Equal(t, http.StatusBadRequest, w.call("GET", "/v1/operations?cursor=x", w.admin, nil).status)
	require.Eventually(t, func() bool { return list(operator, "").Operations[0].Succeeded > 0 }, waitLimit, 10*time.Millisecond)
}
