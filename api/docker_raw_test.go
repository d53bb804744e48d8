package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dockerapi"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// toolsKey creates a key for Docker's tools and returns it and its id.
func (w *fixture) toolsKey() (key, id string) {
	w.t.Helper()
	var made struct{ ID, Key string }
	w.call("POST", "/v1/keys", w.admin, `{"name":"tools","role":"admin","scope":"docker"}`).data(w.t.(*testing.T), &made)
	return secret(made.Key), made.ID
}

// rawRow is a row of the audit for a forwarded call.
type rawRow struct{ Target, Detail, Outcome, Host string }

// rawRows returns the audit's rows of forwarded calls, the latest first. It waits until none is pending: a row is completed after
// the call's answer has ended.
func (w *fixture) rawRows() (rows []rawRow) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var page struct{ Data struct{ Audit []rawRow } }
		if json.Unmarshal([]byte(w.get("/v1/audit?action=docker&limit=500").body), &page) != nil {
			return false
		}
		rows = page.Data.Audit
		return !slices.ContainsFunc(rows, func(r rawRow) bool { return r.Outcome == "pending" })
	}, waitLimit, waitTick)
	return rows
}

func TestRawCallsGoOverAsTheyAre(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	got := make(chan *http.Request, 1)
	body := make(chan string, 1)
	d.Handle("POST /build", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got <- r
		body <- string(raw)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Docker-Anything", "kept")
		w.Header().Set("Set-Cookie", "wharf_session=evil")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"stream":"done"}`)
	})
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	key, _ := w.toolsKey()
	context := secret(strings.Repeat("a tar of secrets", 50_000)) // larger than other requests may be
	arg := secret("argument-of-a-build-" + w.password)
	a := w.call("POST", "/docker/ours/v1.41/build?t=a&buildargs="+url.QueryEscape(`{"X":"`+arg+`"}`), key, nil, func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(context)), int64(len(context))
		r.Header.Set("Content-Type", "application/x-tar")
		r.Header.Set("X-Registry-Config", "logins")
		r.Header.Set("X-Registry-Auth", "login")
		r.Header.Set("X-Setup-Token", "no")
		r.Header.Set("Proxy-Authorization", "no")
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
		r.Header.Set("Cookie", "a=b")
		r.Header.Set("Te", "trailers")
	})
	require.Equal(t, http.StatusCreated, a.status, a.body)
	require.JSONEq(t, `{"stream":"done"}`, a.body)
	require.Equal(t, "kept", a.header.Get("X-Docker-Anything"))
	require.Equal(t, "1.41", a.header.Get("Api-Version"))
	require.Empty(t, a.header.Values("Set-Cookie"))
	require.Empty(t, a.header.Values("Access-Control-Allow-Origin"))
	r := <-got
	require.Equal(t, context, <-body)
	require.Equal(t, `{"X":"`+arg+`"}`, r.URL.Query().Get("buildargs"))
	require.EqualValues(t, len(context), r.ContentLength)
	for name, want := range map[string]string{
		"Content-Type": "application/x-tar", "X-Registry-Config": "logins", "X-Registry-Auth": "login", "User-Agent": "wharf",
		"X-Setup-Token": "", "Proxy-Authorization": "", "Authorization": "", "X-Forwarded-For": "", "Cookie": "", "Te": "", "X-Request-Id": "",
	} {
		require.Equal(t, want, r.Header.Get(name), name)
	}
	rows := w.rawRows()
	require.Len(t, rows, 1)
	require.Equal(t, "POST /v1.41/build status 201 ok ours", rows[0].Target+" "+rows[0].Detail+" "+rows[0].Outcome+" "+rows[0].Host)
	audit := w.get("/v1/audit?limit=500").body
	require.NotContains(t, audit, "a tar of secrets")
	require.NotContains(t, audit, "argument-of-a-build")
}

// Each row of Docker's API is forwarded for a key that was made for it, and for no other credential.
func TestRawTierIsForItsKeysAlone(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	seen := make(chan string, 1) // receives calls in a version that wharf itself doesn't use
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, ours := strings.CutPrefix(r.URL.EscapedPath(), "/v1.40"); ours {
			seen <- r.Method + " " + path
			w.WriteHeader(http.StatusConflict)
			_, _ = io.WriteString(w, `{"message":"no"}`)
			return
		}
		d.ServeHTTP(w, r)
	}))
	t.Cleanup(engine.Close)
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: "tcp://" + engine.Listener.Addr().String()}})
	key, _ := w.toolsKey()
	var plain struct{ Key string }
	w.call("POST", "/v1/keys", w.admin, `{"name":"plain","role":"admin"}`).data(t, &plain)
	rows := dockerapi.Routes(nil)
	others := []string{w.admin, secret(plain.Key)}
	for i, rt := range rows {
		path := strings.NewReplacer("{id}", "web", "{name}", "web", "{name...}", "a/b:1").Replace(rt.Pattern)
		if !rt.Typed() {
			require.Equal(t, http.StatusForbidden, w.call(rt.Method, "/docker/ours/v1.40"+path, others[i%2], nil).status, "%s %s", rt.Method, path)
			require.Empty(t, seen, "%s %s reached the engine", rt.Method, path)
		}
		a := w.call(rt.Method, "/docker/ours/v1.40"+path, key, nil)
		require.Equal(t, http.StatusConflict, a.status, "%s %s", rt.Method, path)
		require.Equal(t, rt.Method+" "+path, <-seen)
	}
	audited := w.rawRows()
	require.Len(t, audited, len(rows), "a row for each")
	for _, row := range audited {
		require.Equal(t, "failed status 409", row.Outcome+" "+row.Detail)
	}
}

func TestRawRefusalsReachNoEngine(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	key, id := w.toolsKey()
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/docker/ours/v1.41/no/such", 404},
		{"/docker/ours/v1.41/containers/../images/json", 404},
		{"/docker/ours/v1.41/containers/%2e%2e/json", 404},
		{"/docker/ours/v1.41/containers/a%2fb/json", 404},
		{"/docker/ours/v1.41/images/a%2Fb/json", 404},
		{"/docker/ours/v1.41//containers/json", 404},
		{"/docker/ours/v1.41/containers/json/", 404},
		{"/docker/ours/debug/pprof/heap", 404},
		{"/docker/ours/metrics", 404},
		{"/docker/ours/v1.23/containers/json", 400},
		{"/docker/ours/v1.41/containers/json?ticket=" + key, 401},
		{"/docker/nowhere/v1.41/containers/json", 404},
		{"/docker/..%2fours/containers/json", 404},
	} {
		a := w.call("GET", c.path, key, nil)
		require.Equal(t, c.status, a.status, "%s: %s", c.path, a.body)
		a.dockerMessage(t)
	}
	cookie := w.call("GET", "/docker/ours/v1.41/containers/json", "", nil, func(r *http.Request) {
		r.Header.Set("Cookie", "wharf_session="+key)
	})
	require.Equal(t, http.StatusUnauthorized, cookie.status)
	foreign := w.call("POST", "/docker/ours/v1.41/containers/create", key, nil, func(r *http.Request) {
		r.Header.Set("Origin", "https://evil.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	require.Equal(t, http.StatusForbidden, foreign.status)
	require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/keys/"+id, w.admin, nil).status)
	require.Equal(t, http.StatusUnauthorized, w.call("GET", "/docker/ours/v1.41/containers/json", key, nil).status)
	require.Empty(t, slices.DeleteFunc(d.Requests(), func(r dockertest.Request) bool { // wharf's own, at any time
		return r.Path == "/v1.41/info" || r.Path == "/v1.41/events" || r.Path == "/v1.41/containers/json" && r.Query == "all=1"
	}))
}

// Open calls end with their key and with the server: an endless answer, and a hijacked connection.
func TestRawCallsEndWithTheirKey(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *fixture, id string){
		"key":    func(w *fixture, id string) { w.call("DELETE", "/v1/keys/"+id, w.admin, nil) },
		"rights": func(w *fixture, _ string) { w.grant("gildong", "*", "", "viewer") },
		"server": func(w *fixture, _ string) { w.api.EndStreams() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dockertest.NewDaemon(t)
			d.Handle("GET /events", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "first\n")
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			})
			d.Handle("POST /exec/{id}/start", func(w http.ResponseWriter, _ *http.Request) {
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return
				}
				defer conn.Close()
				fmt.Fprint(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst\n")
				_, _ = io.Copy(conn, rw)
			})
			w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
			key, id := w.toolsKey()
			events, exec := w.rawConn(t, "GET /docker/ours/events", key, ""), w.rawConn(t, "POST /docker/ours/v1.41/exec/x/start", key, "tcp")
			for _, c := range []*bufio.Reader{events, exec} {
				for line := ""; line != "first"; { // skip the head and framing
					text, err := c.ReadString('\n')
					require.NoError(t, err)
					line = strings.TrimSpace(text)
				}
			}
			end(w, id)
			for _, c := range []*bufio.Reader{events, exec} {
				_, err := io.Copy(io.Discard, c)
				require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it goes on")
			}
		})
	}
}

// rawConn sends the head of a request and returns the connection.
func (w *fixture) rawConn(t *testing.T, request, key, upgrade string) *bufio.Reader {
	t.Helper()
	u, err := url.Parse(w.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	if upgrade != "" {
		upgrade = "Connection: Upgrade\r\nUpgrade: " + upgrade + "\r\n"
	}
	fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%sContent-Length: 0\r\n\r\n", request, u.Host, key, upgrade)
	return bufio.NewReader(conn)
}

func TestRawConnectionsEndOneDirectionAtATime(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Handle("POST /session", func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nX-Docker-Session: %s\r\n\r\n",
			r.Header.Get("Upgrade"), r.Header.Get("X-Docker-Expose-Session-Uuid"))
		input, _ := io.ReadAll(rw)
		fmt.Fprintf(conn, "%d bytes", len(input))
	})
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	key, _ := w.toolsKey()
	u, err := url.Parse(w.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /docker/ours/session HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: keep-alive, Upgrade\r\n"+
		"Upgrade: h2c\r\nX-Docker-Expose-Session-Uuid: x1\r\nContent-Length: 0\r\n\r\nearly", u.Host, key)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.Equal(t, "h2c", resp.Header.Get("Upgrade"))
	require.Equal(t, "x1", resp.Header.Get("X-Docker-Session"))
	_, err = io.WriteString(conn, strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "1048581 bytes", string(answer), "what came before the connection was taken over counts")
}

// A client that sends a build's whole context before it reads the answer still gets the refusal.
func TestRefusedUploadsAreAnswered(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	u, err := url.Parse(w.url)
	require.NoError(t, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(t, err)
	defer conn.Close()
	const size = 8 << 20
	fmt.Fprintf(conn, "POST /docker/ours/build HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-tar\r\nContent-Length: %d\r\n\r\n", u.Host, w.admin, size)
	_, err = io.CopyN(conn, zeros{}, size)
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusForbidden, resp.StatusCode)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
