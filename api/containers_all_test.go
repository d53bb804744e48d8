package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

type page struct {
	Containers []struct {
		Host, ID, Name, Image, State string
		Labels                       map[string]string
	}
	Hosts []struct {
		Host  string
		OK    bool
		Error string
	}
	Cursor string
}

func (p page) names() []string {
	names := []string{}
	for _, c := range p.Containers {
		names = append(names, c.Host+"/"+c.Name)
	}
	return names
}

func twoHosts(t *testing.T) *fixture {
	t.Helper()
	a, b := dockertest.NewDaemon(t), dockertest.NewDaemon(t)
	a.Add(dockertest.Container{Name: "web", Image: "nginx:1", Labels: map[string]string{"team": "web", "api-token": "hunter2"}},
		dockertest.Container{Name: "db", Image: "postgres:16", State: "exited"})
	b.Add(dockertest.Container{Name: "cache", Image: "redis:7", Labels: map[string]string{"team": "data"}})
	return setup(t, []dockerx.HostConfig{{Name: "a", Addr: a.Addr()}, {Name: "b", Addr: b.Addr()}, {Name: "dead", Addr: "tcp://127.0.0.1:1"}})
}

func TestContainersOfAllHostsInOneCall(t *testing.T) {
	t.Parallel()
	w := twoHosts(t)
	for query, want := range map[string][]string{
		"":                          {"a/db", "a/web", "b/cache"},
		"?host=b":                   {"b/cache"},
		"?host=a&host=b&sort=-name": {"a/web", "a/db", "b/cache"},
		"?state=exited":             {"a/db"},
		"?name=e":                   {"a/web", "b/cache"},
		"?image=postgres":           {"a/db"},
		"?label=team":               {"a/web", "b/cache"},
		"?label=team=web":           {"a/web"},
		"?q=REDIS":                  {"b/cache"},
		"?q=hunter2":                {"a/web"}, // only because the caller is an admin
		"?sort=image":               {"a/web", "a/db", "b/cache"},
	} {
		var p page
		w.get("/v1/containers"+query).data(t, &p)
		require.Equal(t, want, p.names(), query)
	}
	var p page
	w.get("/v1/containers").data(t, &p)
	require.Len(t, p.Hosts, 3)
	require.True(t, p.Hosts[0].OK)
	require.False(t, p.Hosts[2].OK)
	require.Contains(t, p.Hosts[2].Error, "dead")
	require.Equal(t, http.StatusInternalServerError, w.get("/v1/hosts/dead/containers").status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/hosts/other/containers").status)
	require.Equal(t, http.StatusNotFound, w.get("/v1/containers?host=other").status)
	a := w.get("/v1/containers?stat=exited&sort=size&limit=0")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.message(t), "stat: unknown parameter")
	require.Contains(t, a.message(t), "sort: expected one of")
	require.Contains(t, a.message(t), "limit: expected")
}

func TestPagesOfContainersMissNoneAndRepeatNone(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	for i := range 25 {
		d.Add(dockertest.Container{Name: fmt.Sprintf("c%02d", i), Created: time.Unix(int64(i%3), 0)})
	}
	w := setup(t, []dockerx.HostConfig{{Name: "a", Addr: d.Addr()}})
	for _, by := range containerSortNames {
		seen := map[string]bool{}
		cursor := ""
		for range 100 {
			var p page
			w.get("/v1/containers?limit=4&sort="+by+"&cursor="+cursor).data(t, &p)
			for _, c := range p.Containers {
				require.False(t, seen[c.ID], "%s twice by %s", c.Name, by)
				seen[c.ID] = true
			}
			if cursor = p.Cursor; cursor == "" {
				break
			}
		}
		require.Len(t, seen, 25, by)
	}
	require.Equal(t, http.StatusBadRequest, w.get("/v1/containers?cursor=garbage").status)
}

// Pages over several hosts follow one order, whatever the order is, and ask only the engines of the hosts on the page.
func TestPagesOverHostsAreMerged(t *testing.T) {
	t.Parallel()
	var hosts []dockerx.HostConfig
	var daemons []*dockertest.Daemon
	for h := range 5 {
		d := dockertest.NewDaemon(t)
		for i := range 7 {
			d.Add(dockertest.Container{
				Name: fmt.Sprintf("c%d-%d", (i*3+h)%7, h), Image: fmt.Sprint("i", i%2), State: []string{"running", "exited"}[(i+h)%2], Created: time.Unix(int64(i%3), 0),
			})
		}
		daemons, hosts = append(daemons, d), append(hosts, dockerx.HostConfig{Name: fmt.Sprint("h", 4-h), Addr: d.Addr()})
	}
	w := setup(t, hosts)
	for _, by := range containerSortNames {
		var whole, p page
		w.get("/v1/containers?limit=5000&sort="+by).data(t, &whole)
		require.Len(t, whole.Containers, 35)
		var pages []string
		for cursor := "start"; cursor != ""; cursor = p.Cursor {
			w.get("/v1/containers?limit=4&sort="+by+"&cursor="+strings.TrimPrefix(cursor, "start")).data(t, &p)
			require.Len(t, p.Hosts, 5)
			pages = append(pages, p.names()...)
		}
		require.Equal(t, whole.names(), pages, by)
	}
	var p page
	unasked := func() bool { // the containers of h0 fill the first page: daemons[0], which is h4, isn't asked
		before := daemons[0].Count("/containers/json")
		w.get("/v1/containers?limit=7").data(t, &p)
		return daemons[0].Count("/containers/json") == before
	}
	require.Eventually(t, unasked, time.Minute, 5*time.Millisecond)
	daemons[0].Add(dockertest.Container{Name: "a"})
	require.Eventually(t, func() bool { w.get("/v1/containers?limit=1&sort=name").data(t, &p); return p.names()[0] == "h4/a" }, time.Minute, 5*time.Millisecond)
}

var containerSortNames = []string{"host", "-host", "name", "-name", "state", "created", "-created"}
