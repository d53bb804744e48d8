package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
	"wharf/token"
)

// caller is a credential, with the best role that it has on granted containers.
type caller struct {
	name  string
	token string
	bad   bool // 401 wherever credentials are checked
	role  service.Permission
	key   bool
	all   bool // sees every host and container
	tools bool // only for Docker's tools
}

// place is a container on a host, and whether grants name it.
type place struct {
	name, host, id string
	granted        bool
}

// Every route with every credential at every place: the expected status follows from the route table.
func TestEveryRouteWithEveryCredentialEverywhere(t *testing.T) {
	t.Parallel()
	ours, other := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	web := ours.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}})
	money := ours.Add(dockertest.Container{Name: "money", Labels: map[string]string{"team": "money"}})
	toy := other.Add(dockertest.Container{Name: "toy", Labels: map[string]string{"team": "web"}})
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: ours.Addr()}, {Name: "other", Addr: other.Addr()}})
	// Ids, since some routes change names.
	places := []place{{"granted", "ours", web, true}, {"label miss", "ours", money, false}, {"other host", "other", toy, false}}
	table, served := w.api.RouteTable()
	for _, row := range table {
		require.True(t, served[row.Method+" "+row.Pattern])
		delete(served, row.Method+" "+row.Pattern)
		if row.Method == http.MethodGet {
			delete(served, http.MethodHead+" "+row.Pattern)
		}
	}
	require.Empty(t, served, "served without a row in the table")

	cells := 0
	for _, c := range w.callers() {
		for _, row := range table {
			for _, p := range places {
				if !bound(row) && p.name != "granted" {
					continue // the route doesn't depend on the place
				}
				cells++
				before := touched(ours) + touched(other)
				a := w.try(row, c, p)
				if (row.Method == http.MethodDelete || strings.HasSuffix(row.Pattern, "/recreate")) && bound(row) { // the next call needs what was removed
					restore(ours, web, "web", "web")
					restore(ours, money, "money", "money")
					restore(other, toy, "toy", "web")
				}
				want := expected(row, c, p)
				require.Contains(t, want, a.status, "%s %s as %s at %s: %s", row.Method, row.Pattern, c.name, p.name, a.body)
				if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || (a.status == http.StatusNotFound && !p.granted) {
					require.Equal(t, before, touched(ours)+touched(other), "%s %s as %s at %s reached a daemon", row.Method, row.Pattern, c.name, p.name)
				}
			}
		}
	}
	require.Greater(t, cells, 500)
}

// restore adds a container again if it is gone.
func restore(d *dockertest.Daemon, id, name, team string) {
	if !slices.ContainsFunc(d.Containers(), func(c dockertest.Container) bool { return c.ID == id }) {
		for _, c := range d.Containers() {
			if c.Labels["team"] == team { // the container that replaced it
				d.Remove(c.ID)
			}
		}
		d.Add(dockertest.Container{ID: id, Name: name, Labels: map[string]string{"team": team}})
	}
}

// callers returns all kinds of credentials: the bad ones, and one for each role.
func (w *fixture) callers() []caller {
	w.t.Helper()
	viewer, operator := w.person("viewer", "none"), w.person("operator", "none")
	w.grant("viewer", "ours", "team=web", "viewer")
	w.grant("operator", "ours", "team=web", "operator")
	revoked := w.person("revoked", "admin")
	require.Equal(w.t, http.StatusOK, w.call("DELETE", "/v1/users/revoked", w.admin, nil).status)
	disabled := w.person("disabled", "admin")
	require.Equal(w.t, http.StatusOK, w.call("PATCH", "/v1/users/disabled", w.admin, `{"disabled":true}`).status)
	var key struct{ Key string }
	w.call("POST", "/v1/keys", operator, `{"name":"machine","role":"viewer"}`).data(w.t.(*testing.T), &key)
	var tools struct{ Key string }
	w.call("POST", "/v1/keys", w.admin, `{"name":"tools","role":"admin","scope":"docker"}`).data(w.t.(*testing.T), &tools)
	past := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	session := w.login("gildong", w.password)
	expired, err := w.maker.Create(token.Payload{
		ID: uuid.New(), SessionID: uuid.MustParse(session.session), UserID: uuid.New(), Username: "gildong", Kind: token.Access,
		IssuedAt: past.Add(-time.Hour), ExpiresAt: past,
	})
	require.NoError(w.t, err)
	login := w.call("POST", "/login", "", map[string]string{"username": "gildong", "password": w.password})
	cookie := (&http.Response{Header: login.header}).Cookies()[0].Value
	return []caller{
		{name: "nobody", bad: true},
		{name: "garbage", token: "garbage", bad: true},
		{name: "expired", token: secret(expired), bad: true},
		{name: "wrong kind", token: session.refresh, bad: true},
		{name: "the cookie's", token: secret(cookie), bad: true},
		{name: "revoked", token: revoked, bad: true},
		{name: "disabled", token: disabled, bad: true},
		{name: "viewer", token: viewer, role: service.View},
		{name: "operator", token: operator, role: service.Operate},
		{name: "API key", token: secret(key.Key), role: service.View, key: true},
		{name: "key for Docker's tools", token: secret(tools.Key), tools: true},
		{name: "admin", token: w.admin, role: service.Administer, all: true},
	}
}

// bound reports whether a route concerns one host or container.
func bound(row api.RouteRow) bool {
	return strings.Contains(row.Pattern, "{host}") || row.Pattern == "/start2" || row.Pattern == "/stop2"
}

// try makes the call, with a body for which only the place decides the outcome.
func (w *fixture) try(row api.RouteRow, c caller, p place) answer {
	w.t.Helper()
	path := strings.NewReplacer("{host}", p.host, "{id}", p.id, "{username}", "nobody-at-all").Replace(row.Pattern)
	if strings.HasSuffix(row.Pattern, "/{id}") && !bound(row) {
		path = strings.Replace(row.Pattern, "{id}", uuid.NewString(), 1)
	}
	var body any
	if row.Method == http.MethodPost || row.Method == http.MethodPatch {
		body = map[string]string{"id": p.id, "host": p.host}
	}
	if bound(row) && row.Body != nil && strings.Contains(row.Pattern, "{id}") {
		body = exampleOf(row.Body)
	}
	return w.call(row.Method, path, c.token, body, func(r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		w.t.Cleanup(cancel)
		*r = *r.WithContext(ctx)
		if row.StreamOnly {
			r.Method = http.MethodHead // a stream doesn't end
		}
	})
}

// exampleOf builds a body from the examples that its fields declare.
func exampleOf(body reflect.Type) map[string]any {
	fields := map[string]any{}
	for _, f := range reflect.VisibleFields(body) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		example, ok := f.Tag.Lookup("example")
		switch {
		case !ok:
		case f.Type.Kind() == reflect.String:
			fields[name] = example
		default:
			fields[name] = json.RawMessage(example)
		}
	}
	return fields
}

// expected returns the acceptable statuses.
func expected(row api.RouteRow, c caller, p place) []int {
	fine := []int{200, 400, 404, 409, 415}
	switch {
	case row.Pattern == "/v1/session/renew":
		return []int{403} // only for browsers
	case row.Need == service.Public:
		return append(fine, 401) // for example /login with a wrong password
	case row.Need == service.Optional && c.token == "":
		return []int{400} // POST /user checks the body first, which is incomplete
	case c.bad:
		return []int{401}
	case row.Need == service.Optional:
		return []int{400, 403} // POST /user with an incomplete body
	case c.tools:
		return []int{403}
	case row.Need == service.Self:
		return append(fine, 403)
	case row.Need > c.role:
		return []int{403}
	case !bound(row) || c.all:
		return fine
	case p.name == "other host":
		return []int{404}
	case p.name == "label miss" && named(row):
		return []int{404}
	case row.Need == service.Operate:
		return []int{200, 409}
	default:
		return append([]int{200}, row.Also...)
	}
}

// named reports whether a route names a container.
func named(row api.RouteRow) bool {
	return strings.Contains(row.Pattern, "{id}") || row.Pattern == "/start2" || row.Pattern == "/stop2"
}
