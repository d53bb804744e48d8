package api_test

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx/dockertest"
)

// streamRoute is what the conformance test needs to know about a stream's route and doesn't find in the route table.
type streamRoute struct {
	path string // with the parameters that the route needs, on host "a" and container "web"
	// object is the path at which the route answers with one JSON object; "": path.
	object string
	// emit makes the source yield an item of some 10 KB; nil: it yields items without that.
	emit func(d *dockertest.Daemon)
	// begin creates the object of the stream and returns the stream's path; nil: it exists already, at path.
	begin func(c *conformance) string
	// read reads one item; nil: the stream consists of server-sent events.
	read func(t testing.TB, r *bufio.Reader)
	// finite streams have too few items for the cases with slow clients, which are skipped.
	finite bool
}

// streamRoutes has a row for each stream in the route table. A new stream needs a new row.
var streamRoutes = map[string]streamRoute{
	"GET /events": {path: "/events", emit: func(d *dockertest.Daemon) {
		d.Emit(dockertest.NewMessage("container", "update", redisID, map[string]string{"team": "web", "big": strings.Repeat("x", 10_000)}))
	}},
	"GET /v1/operations/{id}": {finite: true, begin: func(c *conformance) string {
		web := c.d.Containers()[0].ID // it never stops, so the stream stays open
		c.d.Handle("POST /containers/{id}/stop", func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("id") == web {
				c.d.Hang(w, r)
			}
			w.WriteHeader(http.StatusNotModified)
		})
		return "/v1/operations/" + c.fixture.begin(c.t.(*testing.T), c.admin, `{"operation":"stop","select":{"host":["a"]},"parallel":31}`).ID
	}},
	"GET /v1/images/pulls/{id}": {begin: func(c *conformance) string {
		c.d.Handle("POST /images/create", serveEndlessPull)
		a := c.call("POST", "/v1/images/pull", c.admin, `{"image":"nginx","hosts":["a"]}`)
		var pull struct{ ID string }
		require.Equal(c.t, http.StatusAccepted, a.status, a.body)
		a.status = http.StatusOK
		a.data(c.t.(*testing.T), &pull)
		return "/v1/images/pulls/" + pull.ID
	}},
	"GET /v1/hosts/{host}/stats":                 {path: "/v1/hosts/a/stats"},
	"GET /v1/hosts/{host}/containers/{id}/stats": {path: "/v1/hosts/a/containers/web/stats"},
	"GET /v1/hosts/{host}/containers/{id}/logs":  {path: "/v1/hosts/a/containers/web/logs?follow=true&tail=0", object: "/v1/hosts/a/containers/web/logs"},
	"GET /v1/logs": {path: "/v1/logs?follow=true&tail=0&host=a&name=web", object: "/v1/logs?host=a&name=web"},
}

// with adds a query parameter to a path.
func with(path, param string) string {
	if strings.Contains(path, "?") {
		return path + "&" + param
	}
	return path + "?" + param
}

// conformance is one stream's route and a server for some of its cases.
type conformance struct {
	*streamServer
	streamRoute
	op api.Operation
	d  *dockertest.Daemon
}

// streamCase is a behaviour that all streams share.
type streamCase struct {
	name string
	run  func(c *conformance, t *testing.T)
}

// streamGroups are the cases in order, grouped by the server that they can share.
var streamGroups = []struct {
	name    string
	options option
	cases   []streamCase
}{
	{"answers", func(o *api.Options) { o.HeartbeatTime, o.BodyTime = 100*time.Millisecond, 2*time.Second }, []streamCase{
		{"HTTP/1.0", func(c *conformance, t *testing.T) { c.answers(t, "HTTP/1.0") }},
		{"HTTP/1.1", func(c *conformance, t *testing.T) { c.answers(t, "HTTP/1.1") }},
		{"HTTP/1.1 with TLS", func(c *conformance, t *testing.T) { c.answers(t, "HTTP/1.1 with TLS") }},
		{"HTTP/2", func(c *conformance, t *testing.T) { c.answers(t, "HTTP/2.0") }},
		{"HEAD", (*conformance).head},
		{"Accept refused or JSON", (*conformance).accept},
		{"no credentials", func(c *conformance, t *testing.T) { c.status(t, http.StatusUnauthorized, c.path, noToken) }},
		{"bad credentials", func(c *conformance, t *testing.T) { c.status(t, http.StatusUnauthorized, c.path, bearer("garbage")) }},
		{"no grant", (*conformance).noGrant},
		{"another method", func(c *conformance, t *testing.T) {
			c.status(t, http.StatusMethodNotAllowed, c.path, func(r *http.Request) { r.Method = http.MethodPut })
		}},
		{"unknown parameter", func(c *conformance, t *testing.T) { c.status(t, http.StatusBadRequest, with(c.path, "no_such=1")) }},
		{"ticket", (*conformance).ticket},
		{"requests in a row on one connection", func(c *conformance, t *testing.T) { c.speaksOn(t, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "") }},
		{"a body that never comes", func(c *conformance, t *testing.T) { c.speaksOn(t, "", "Content-Length: 100\r\n") }},
		{"gone: closed", func(c *conformance, t *testing.T) { c.leaves(t, func(conn *net.TCPConn) error { return conn.Close() }) }},
		{"gone: half closed", func(c *conformance, t *testing.T) { c.leaves(t, (*net.TCPConn).CloseWrite) }},
		{"gone: reset", func(c *conformance, t *testing.T) {
			c.leaves(t, func(conn *net.TCPConn) error {
				_ = conn.SetLinger(0)
				return conn.Close()
			})
		}},
	}},
	{"caps", func(o *api.Options) { o.StreamsPerUser, o.MaxStreams = 2, 3 }, []streamCase{
		{"of a user, of all, and free again", (*conformance).caps},
	}},
	{"ends", nil, []streamCase{
		{"logout", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.post("/logout", map[string]string{"refresh_token": p.refresh}) })
		}},
		{"session ended by the admin", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.call("DELETE", "/v1/sessions/"+p.session, p.access, nil) })
		}},
		{"user disabled", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.call("PATCH", "/v1/users/"+p.name, c.admin, `{"disabled":true}`) })
		}},
		{"user deleted", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.call("DELETE", "/v1/users/"+p.name, c.admin, nil) })
		}},
		{"role changed", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.call("PATCH", "/v1/users/"+p.name, c.admin, `{"role":"operator"}`) })
		}},
		{"grant removed", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) { c.call("DELETE", "/v1/grants/"+p.grant, c.admin, nil) })
		}},
		{"password changed", func(c *conformance, t *testing.T) {
			c.endsWith(t, func(p *streamUser) {
				c.post("/v1/users/"+p.name+"/password", map[string]string{"password": secret("another-password")})
			})
		}},
		{"key deleted", (*conformance).endsWithItsKey},
	}},
	{"panic", func(o *api.Options) { o.HeartbeatTime = 100 * time.Millisecond }, []streamCase{
		{"ends one stream alone", (*conformance).panics},
	}},
	// Heartbeats fill the buffers of a client that reads nothing, whatever its stream yields.
	{"slow", func(o *api.Options) { o.StallTime, o.HeartbeatTime = 3*time.Second, 5*time.Millisecond }, []streamCase{
		{"stuck client beside a slow one", (*conformance).stuckAndSlow},
	}},
	{"stop", func(o *api.Options) { o.StallTime = time.Hour }, []streamCase{
		{"server stopping", (*conformance).stop},
	}},
}

// All streams in the route table behave alike.
func TestEveryStreamRouteConforms(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, op := range api.Operations() {
		if op.Answer.Frames == nil {
			continue
		}
		name := op.Method + " " + op.Pattern
		row, ok := streamRoutes[name]
		require.True(t, ok, "%s has no row in streamRoutes", name)
		seen++
		for _, group := range streamGroups {
			if row.finite && group.name == "slow" {
				continue
			}
			t.Run(name+"/"+group.name, func(t *testing.T) {
				t.Parallel()
				c := newConformance(t, op, row, group.options)
				for _, one := range group.cases {
					t.Run(one.name, func(t *testing.T) { one.run(c.in(t), t) })
				}
			})
		}
	}
	require.Len(t, streamRoutes, seen, "a row without a route")
}

// answers reads headers, the greeting, an item and two heartbeats, and then the log line.
func (c *conformance) answers(t *testing.T, transport string) {
	t.Helper()
	id := uuid.NewString()
	l := c.open(transport, c.path, func(r *http.Request) { r.Header.Set("X-Request-Id", id) })
	for name, value := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no", "X-Request-Id": id,
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		require.Equal(t, value, l.resp.Header.Get(name), name)
	}
	first, err := l.r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "retry: 1000\n", first)
	c.item(l)
	for beats := 0; beats < 2; {
		line, err := l.r.ReadString('\n')
		require.NoError(t, err)
		if line == ": \n" {
			beats++
		}
	}
	require.Empty(t, logged(id), "the log line comes at the end")
	require.NoError(t, l.resp.Body.Close())
	l.stop()
	require.Regexp(t, `"route":"`+strings.NewReplacer("{", `\{`, "}", `\}`).Replace(c.op.Pattern)+
		`","status":200,"duration_ms":[\d.]+,"bytes":\d{3,},"client":"127.0.0.1","items":[1-9]\d*,"user":"gildong"`, logLine(t, id))
}

func (c *conformance) head(t *testing.T) {
	head := c.call("HEAD", c.path, c.admin, nil, acceptSSE)
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
	require.Equal(t, "text/event-stream", head.header.Get("Content-Type"))
}

func (c *conformance) accept(t *testing.T) {
	for accept, status := range map[string]int{
		"application/json": 406, "text/event-stream;q=0": 406, "image/png, text/html": 406, "*/*": 200, "text/*": 200, "text/html, */*;q=0.1": 200, "": 200,
	} {
		want, path := "text/event-stream", c.path
		if !c.op.Answer.StreamOnly { // this request selects the JSON object, the route's other answer
			status, want, path = http.StatusOK, "application/json", cmp.Or(c.object, c.path)
		} else if status != http.StatusOK {
			want = "application/json"
		}
		l := c.ask("HTTP/1.1", path, func(r *http.Request) { r.Header["Accept"] = []string{accept} })
		require.Equal(t, status, l.resp.StatusCode, accept)
		require.Equal(t, want, l.resp.Header.Get("Content-Type"), accept)
		l.stop()
	}
}

// noGrant: a user gets no stream of a host or container that it may not see.
func (c *conformance) noGrant(t *testing.T) {
	none := c.person("nobody", "none")
	c.status(t, http.StatusForbidden, c.path, bearer(none))
	if strings.Contains(c.op.Pattern, "{host}") {
		c.grant("nobody", "b", "", "viewer")
		c.status(t, http.StatusNotFound, c.path, bearer(c.login("nobody", "password-of-nobody").access))
	}
}

func (c *conformance) ticket(t *testing.T) {
	var issued struct{ Ticket string }
	c.post("/v1/events/ticket", nil).data(t, &issued)
	l := c.ask("HTTP/1.1", with(c.path, "ticket="+secret(issued.Ticket)), noToken)
	require.Equal(t, c.op.Tickets, l.resp.StatusCode == http.StatusOK)
	l.stop()
}

// speaksOn: bytes that a client sends after its request don't matter.
func (c *conformance) speaksOn(t *testing.T, after, header string) {
	t.Helper()
	l := c.raw(dialPlain, header, after)
	c.item(l)
	c.item(l)
	l.stop()
}

// leaves: the stream ends soon after its client disconnects, and that isn't a failure.
func (c *conformance) leaves(t *testing.T, leave func(*net.TCPConn) error) {
	t.Helper()
	id := uuid.NewString()
	l := c.raw(dialPlain, "X-Request-Id: "+id+"\r\n", "")
	c.item(l)
	require.NoError(t, leave(l.conn))
	line := logLine(t, id)
	require.Contains(t, line, `"status":200`)
	require.NotContains(t, line, `"error"`)
}

func (c *conformance) caps(t *testing.T) {
	other := c.person("hong", "viewer")
	third := c.person("kim", "viewer")
	first := c.open("HTTP/1.1", c.path)
	c.open("HTTP/2.0", c.path)
	refused := c.status(t, http.StatusTooManyRequests, c.path)
	require.NotEmpty(t, refused.resp.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, c.call("HEAD", c.path, c.admin, nil, acceptSSE).status, "HEAD takes no place")
	c.open("HTTP/1.1", c.path, bearer(other))
	refused = c.status(t, http.StatusTooManyRequests, c.path, bearer(third))
	require.NotEmpty(t, refused.resp.Header.Get("Retry-After"))
	first.stop()
	require.Eventually(t, func() bool {
		l := c.ask("HTTP/1.1", c.path)
		return l.resp.StatusCode == http.StatusOK
	}, waitLimit, waitTick)
}

// endsWith: a user's streams end in order, over each transport, when an action revokes the right to them.
func (c *conformance) endsWith(t *testing.T, act func(*streamUser)) {
	t.Helper()
	p := c.streamUser(t)
	var open []*streamClient
	for _, transport := range []string{"HTTP/1.1", "HTTP/1.1 with TLS", "HTTP/2.0"} {
		open = append(open, c.open(transport, c.path, bearer(p.access)))
	}
	for _, l := range open {
		c.item(l)
	}
	ends := drained(open)
	act(p)
	for i, l := range open {
		require.NoError(t, <-ends[i], "an orderly end over %s", l.resp.Proto)
	}
}

// drained reads streams to their ends in the background: a client that reads nothing for a while is cut off, which could happen on a
// busy machine before the test reads.
func drained(open []*streamClient) (ends []chan error) {
	for _, l := range open {
		end := make(chan error, 1)
		go func() {
			_, err := io.Copy(io.Discard, l.r)
			end <- err
		}()
		ends = append(ends, end)
	}
	return ends
}

func (c *conformance) endsWithItsKey(t *testing.T) {
	p := c.streamUser(t)
	var key struct {
		Key    string
		APIKey struct{ ID string } `json:"api_key"`
		ID     string
	}
	c.call("POST", "/v1/keys", p.access, `{"name":"script","role":"viewer"}`).data(t, &key)
	l := c.open("HTTP/1.1", c.path, bearer(secret(key.Key)))
	c.item(l)
	ends := drained([]*streamClient{l})
	require.Equal(t, http.StatusOK, c.call("DELETE", "/v1/keys/"+key.ID, p.access, nil).status)
	require.NoError(t, <-ends[0])
}

// stuckAndSlow: a client that reads nothing is cut off and doesn't delay the others; a client that reads slowly is served.
func (c *conformance) stuckAndSlow(t *testing.T) {
	id := uuid.NewString()
	c.raw(dialTiny, "X-Request-Id: "+id+"\r\n", "")
	quick, slow := c.raw(dialPlain, "", ""), c.raw(dialTiny, "", "")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var reading sync.WaitGroup
	defer reading.Wait()
	enough := make(chan struct{})
	var got bytes.Buffer // what the slow client has read
	var failed error
	reading.Go(func() {
		for failed == nil {
			select {
			case <-enough:
				return
			case <-tick.C:
				_, failed = io.CopyN(&got, slow.resp.Body, 4<<10)
			}
		}
	})
	for len(logged(id)) == 0 { // if the stream never ends, quick's deadline ends this loop
		c.item(quick)
	}
	require.Contains(t, logLine(t, id), `"status":200`)
	c.item(quick)
	close(enough)
	reading.Wait()
	require.NoError(t, failed)
	slow.r = bufio.NewReader(io.MultiReader(&got, slow.resp.Body))
	for range 3 {
		c.item(slow)
	}
}

// stop: streams over each transport, even stuck ones, end with the server; a stream that begins afterwards ends at once.
func (c *conformance) stop(t *testing.T) {
	var open []*streamClient
	for _, transport := range []string{"HTTP/1.0", "HTTP/1.1", "HTTP/1.1 with TLS", "HTTP/2.0"} {
		open = append(open, c.open(transport, c.path))
	}
	var stuck []string
	for range 4 { // more than there are workers on a small machine
		stuck = append(stuck, uuid.NewString())
		c.raw(dialTiny, "X-Request-Id: "+stuck[len(stuck)-1]+"\r\n", "")
	}
	ends := drained(open[1:])
	for range 12 { // more than their buffers hold
		c.item(open[0])
	}
	ends = append(drained(open[:1]), ends...)
	c.api.EndStreams()
	for _, id := range stuck { // long before their stall time has passed
		require.Contains(t, logLine(t, id), `"status":200`)
	}
	late := []*streamClient{c.open("HTTP/1.1", c.path), c.open("HTTP/2.0", c.path)}
	open, ends = append(open, late...), append(ends, drained(late)...)
	for i, l := range open {
		require.NoError(t, <-ends[i], "an orderly end over %s", l.resp.Proto)
	}
}
