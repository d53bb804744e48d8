package api_test

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
)

// These tests produce, on every operation of a kind, the statuses that all of the kind may answer. The server's watcher checks the
// answers against the document, and counts them.

// pathOf replaces the path's parameters. An id that isn't a container's gets a value that doesn't exist.
func pathOf(o api.Operation, host, container string) string {
	id := container
	if !strings.Contains(o.Pattern, "{host}") {
		id = uuid.NewString()
	}
	return strings.NewReplacer("{host}", host, "{id}", id, "{username}", "nobody-at-all").Replace(o.Pattern)
}

// bodyOf returns the document's example of an operation's body, or nil if the operation has no body.
func bodyOf(o api.Operation) any {
	op, _ := spec().operation(o.Method, pathOf(o, "fake", "web"))
	if op == nil || op.RequestBody == nil {
		return nil
	}
	return op.RequestBody.Value.Content["application/json"].Example
}

// each calls all operations concurrently, except those that skip excludes.
func (w *fixture) each(token string, body any, want int, skip func(api.Operation) bool, edits ...func(*http.Request)) {
	w.t.Helper()
	var calls sync.WaitGroup
	for _, o := range api.Operations() {
		if skip(o) {
			continue
		}
		calls.Go(func() {
			sent := body
			if sent == nil {
				sent = bodyOf(o)
			}
			a := w.call(o.Method, pathOf(o, "fake", "web"), token, sent, edits...)
			if a.status != want {
				w.t.Errorf("%s %s: %d, want %d: %s", o.Method, o.Pattern, a.status, want, a.body)
			}
		})
	}
	calls.Wait()
}

func none(api.Operation) bool       { return false }
func isPublic(o api.Operation) bool { return o.Permission == service.Public }
func noBody(o api.Operation) bool   { return o.Body == nil }

func fakeFixture(t *testing.T, options ...option) *fixture {
	t.Helper()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web"})
	return setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}}, options...)
}

func TestEveryOperationRefusesAForeignHost(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t, openMode)
	w.each("", nil, http.StatusForbidden, none, func(r *http.Request) { r.Host = "evil.example" })
}

func TestEveryOperationWantsGoodCredentials(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	w.each("garbage", nil, http.StatusUnauthorized, isPublic)
	for _, path := range []string{"/logout", "/token/renew_access"} {
		require.Equal(t, http.StatusUnauthorized, w.call("POST", path, "", `{"refresh_token":"garbage"}`).status, path)
	}
}

func TestEveryOperationRefusesAnUnreadableQuery(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	w.each(w.admin, nil, http.StatusBadRequest, func(o api.Operation) bool {
		return isPublic(o) && !strings.HasPrefix(o.Pattern, "/v1/")
	}, func(r *http.Request) { r.URL.RawQuery = "a=%zz" })
}

func TestEveryBodyIsChecked(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	w.each(w.admin, "{", http.StatusBadRequest, noBody)
	w.each(w.admin, `{"a":"`+strings.Repeat("x", 65<<10)+`"}`, http.StatusRequestEntityTooLarge, noBody)
	w.each(w.admin, "{}", http.StatusUnsupportedMediaType, noBody, header("Content-Type", "text/plain"))
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	for _, o := range api.Operations() {
		if !strings.Contains(o.Pattern, "{") || o.Answer.Upgrade {
			continue
		}
		a := w.call(o.Method, pathOf(o, "nowhere", "web"), w.admin, bodyOf(o))
		require.Equal(t, http.StatusNotFound, a.status, "%s %s: %s", o.Method, o.Pattern, a.body)
	}
	require.Equal(t, http.StatusNotFound, w.post("/v1/grants", `{"username":"nobody-at-all","hosts":"*","role":"viewer"}`).status)
	for _, path := range []string{"/start2", "/stop2"} {
		require.Equal(t, http.StatusNotFound, w.post(path, `{"host":"nowhere","id":"web"}`).status, path)
	}
}

// The id of one container is the name of another.
func TestAnAmbiguousIDIsAConflict(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	d.Add(dockertest.Container{Name: id[:12]})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	w.each(w.admin, nil, http.StatusConflict, func(o api.Operation) bool {
		return o.Answer.Upgrade || !strings.Contains(o.Pattern, "{host}/containers/{id}") && !strings.HasSuffix(o.Pattern, "2/{host}/{id}")
	}, func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "web", id[:12], 1) })
}

func TestEveryOperationFailsWithAClosedDatabase(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	refresh, page := w.login("gildong", w.password).refresh, w.openPage()
	require.NoError(t, w.db.Close())
	w.each(w.admin, nil, http.StatusInternalServerError, isPublic)
	credentials := `{"username":"gildong","password":"` + w.password + `"}`
	for _, path := range []string{"/login", "/v1/session"} {
		require.Equal(t, http.StatusInternalServerError, w.call("POST", path, "", credentials).status, path)
	}
	require.Equal(t, http.StatusInternalServerError, w.renew(page, "same-origin").status)
	for _, path := range []string{"/logout", "/token/renew_access"} {
		body := fmt.Sprintf(`{"refresh_token":%q}`, refresh)
		require.Equal(t, http.StatusInternalServerError, w.call("POST", path, "", body).status, path)
	}
}

// The database has no time to answer: every call that needs it exceeds its deadline.
func TestEveryOperationSaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), dbtest.SQLiteSource(t), db.Options{Timeout: time.Nanosecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	daemon := dockertest.NewDaemon(t)
	w := setupOn(t, d, []dockerx.HostConfig{{Name: "fake", Addr: daemon.Addr()}}, noUsers)
	key := service.KeyPrefix + strings.ReplaceAll(uuid.NewString(), "-", "") + "_" + rand.Text()
	w.each(key, nil, http.StatusServiceUnavailable, func(o api.Operation) bool {
		return isPublic(o) || !strings.HasPrefix(o.Pattern, "/v1/")
	})
	require.Equal(t, http.StatusServiceUnavailable, w.call("GET", "/v1/session", "", nil).status)
}

// While there is no user, describeStart has to ask the database.
func TestPageStartFailsWithAClosedDatabase(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t, noUsers)
	require.NoError(t, w.db.Close())
	require.Equal(t, http.StatusInternalServerError, w.call("GET", "/v1/session", "", nil).status)
}

func TestEveryStreamSaysWhatItCanBe(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	for _, path := range []string{"/events", "/v1/logs?download=true", "/v1/hosts/fake/containers/web/logs?download=true"} {
		a := w.call("GET", path, w.admin, nil, header("Accept", "image/png"))
		require.Equal(t, http.StatusNotAcceptable, a.status, "%s: %s", path, a.body)
	}
	require.Equal(t, http.StatusNotFound, w.get("/v1/logs?host=nowhere").status)
}

func TestEveryStreamHasItsCap(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t, func(o *api.Options) { o.StreamsPerUser = 1 })
	w.listen("/events", w.admin)
	w.each(w.admin, nil, http.StatusTooManyRequests, func(o api.Operation) bool {
		return o.Answer.Frames == nil || o.Name == "getOperation" || o.Name == "getPull" // none exists here: TestEveryStreamRouteConforms has one
	},
		header("Accept", "text/event-stream"))
}

// anotherBody returns a body that differs from an example: the example without its first field, or a body where there is no
// example.
func anotherBody(body any) any {
	fields, ok := body.(map[string]any)
	if !ok {
		return map[string]string{"name": "other"}
	}
	fewer := maps.Clone(fields)
	delete(fewer, slices.Sorted(maps.Keys(fields))[0])
	return fewer
}

func TestEveryOperationKeepsToItsIdempotencyKeys(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	without := func(o api.Operation) bool { return !slices.Contains(o.Headers, "Idempotency-Key") }
	container := "/v1/hosts/fake/containers/" + id
	key := header("Idempotency-Key", "used")
	require.Equal(t, http.StatusOK, w.call("POST", container+"/restart", w.admin, nil, key).status)
	other := func(o api.Operation) bool { return without(o) || o.Name == "restartContainer" }
	w.each(w.admin, nil, http.StatusConflict, other, key)
	w.each(w.admin, strings.Repeat("x", 65<<10), http.StatusRequestEntityTooLarge, without, key)
	before := map[string]string{"unpauseContainer": "/pause", "removeContainer": "/stop"} // puts the container into the state that the operation needs
	after := map[string]string{"killContainer": "/start", "stopContainer": "/start", "pauseContainer": "/unpause"}
	for _, o := range api.Operations() {
		if without(o) {
			continue
		}
		if step := before[o.Name]; step != "" {
			require.Equal(t, http.StatusOK, w.post(container+step, nil).status, step)
		}
		path, own := pathOf(o, "fake", id), header("Idempotency-Key", o.Name)
		body := bodyOf(o)
		another := anotherBody(body)
		if o.Name == "startOperation" { // the example selects no existing container
			body, another = `{"operation":"start","select":{"name":["web"]}}`, `{"operation":"start","select":{"host":["fake"]}}`
		}
		first := w.call(o.Method, path, w.admin, body, own)
		require.Equal(t, o.Success(), first.status, "%s: %s", o.Name, first.body)
		require.Equal(t, http.StatusUnprocessableEntity, w.call(o.Method, path, w.admin, another, own).status, o.Name)
		restore(d, id, "web", "web")
		if step := after[o.Name]; step != "" {
			require.Equal(t, http.StatusOK, w.post(container+step, nil).status, step)
		}
	}
	for i := range 500 {
		a := w.call("POST", container+"/start", w.admin, nil, header("Idempotency-Key", fmt.Sprint("fill-", i)))
		if a.status == http.StatusTooManyRequests {
			break
		}
	}
	w.each(w.admin, nil, http.StatusTooManyRequests, without, header("Idempotency-Key", "one-too-many"))
}

func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	for path, kind := range map[string]string{"/v1/openapi.json": "application/json", "/docs": "text/html; charset=utf-8"} {
		a := w.call("GET", path, "", nil)
		require.Equal(t, http.StatusOK, a.status)
		require.Equal(t, kind, a.header.Get("Content-Type"))
		same := w.call("GET", path, "", nil, header("If-None-Match", a.header.Get("ETag")))
		require.Equal(t, http.StatusNotModified, same.status)
		require.Empty(t, same.body)
		head := w.call("HEAD", path, "", nil)
		require.Equal(t, http.StatusOK, head.status)
		require.Equal(t, a.header.Get("ETag"), head.header.Get("ETag"))
	}
	policy := w.call("GET", "/docs", "", nil).header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe-")
}

// Each wrong guess of the old password lengthens the wait, as at the login.
func TestGuessesOfTheOldPasswordAreLimited(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	for range 100 {
		a := w.post("/v1/users/gildong/password", `{"old_password":"wrong-password","password":"another-password"}`)
		if a.status == http.StatusTooManyRequests {
			return
		}
		require.Equal(t, http.StatusForbidden, a.status, a.body)
	}
	t.Fatal("100 guesses and no limit")
}

// The limit of the login also applies to the page's login.
func TestGuessesAtThePagesLoginAreLimited(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	for range 100 {
		a := w.call("POST", "/v1/session", "", `{"username":"gildong","password":"wrong-password"}`)
		if a.status == http.StatusTooManyRequests {
			return
		}
		require.Equal(t, http.StatusUnauthorized, a.status, a.body)
	}
	t.Fatal("100 guesses and no limit")
}

func TestTakenNamesAreConflicts(t *testing.T) {
	t.Parallel()
	w := fakeFixture(t)
	body := `{"username":"gildong","password":"another-password","full_name":"G","email":"another@email.com"}`
	for _, path := range []string{"/user", "/v1/users"} {
		require.Equal(t, http.StatusConflict, w.post(path, body).status, path)
	}
	require.Equal(t, http.StatusConflict, w.call("PATCH", "/v1/users/gildong", w.admin, `{"disabled":true}`).status, "the last admin stays")
}
