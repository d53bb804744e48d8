package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/api/channels"
	"wharf/api/dto"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service/terminal"
)

// shell is the client's end of a terminal.
type shell struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context //nolint:containedctx // the test's

	mu     sync.Mutex
	out    bytes.Buffer
	errs   bytes.Buffer
	status *channels.Status
	news   chan struct{}
	done   chan struct{} // closed when the connection has ended
}

// ticket requests an exec's ticket and returns the address at which it is valid.
func (w *fixture) ticket(host, id, bearer string, in dto.ExecRequest) string {
	w.t.Helper()
	var out dto.ExecResult
	w.call("POST", "/v1/hosts/"+host+"/containers/"+id+"/exec", bearer, in).data(w.t.(*testing.T), &out)
	secret(out.Ticket)
	return out.URL
}

// upgrade opens a WebSocket on wharf; the answer's status is 101 if that succeeds.
func (w *fixture) upgrade(t *testing.T, address string, edits ...func(http.Header)) (*websocket.Conn, int) {
	t.Helper()
	h := http.Header{}
	for _, edit := range edits {
		edit(h)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	through := w.through
	if through == nil {
		through = &http.Transport{DisableKeepAlives: true}
	}
	conn, resp, err := websocket.Dial(ctx, w.url+address, &websocket.DialOptions{
		Subprotocols: []string{channels.Protocol}, HTTPHeader: h, HTTPClient: &http.Client{Transport: through},
	})
	require.NotNil(t, resp, "%v", err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	return conn, resp.StatusCode
}

// open opens a terminal and reads its output until it ends.
func (w *fixture) open(t *testing.T, address string) *shell {
	t.Helper()
	conn, status := w.upgrade(t, address)
	require.Equal(t, http.StatusSwitchingProtocols, status)
	conn.SetReadLimit(2 << 20)
	s := &shell{t: t, conn: conn, ctx: t.Context(), news: make(chan struct{}, 1), done: make(chan struct{})}
	t.Cleanup(func() {
		_ = conn.CloseNow()
		<-s.done
	})
	go s.read()
	return s
}

func (s *shell) read() {
	defer close(s.done)
	for {
		_, message, err := s.conn.Read(context.WithoutCancel(s.ctx))
		if err != nil {
			return
		}
		s.receive(message[0], message[1:])
	}
}

func (s *shell) receive(channel byte, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch channel {
	case channels.Stdout:
		s.out.Write(body)
	case channels.Stderr:
		s.errs.Write(body)
	case channels.Error:
		s.status = new(channels.Status)
		_ = json.Unmarshal(body, s.status)
	}
	select {
	case s.news <- struct{}{}:
	default:
	}
}

func (s *shell) send(channel byte, body []byte) {
	s.t.Helper()
	require.NoError(s.t, s.conn.Write(s.ctx, websocket.MessageBinary, append([]byte{channel}, body...)))
}

// shows waits until the output contains the text.
func (s *shell) shows(text string) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return strings.Contains(s.out.String(), text)
	}, time.Minute, 5*time.Millisecond, text)
}

// end waits until the connection has ended and returns the terminal's status.
func (s *shell) end() channels.Status {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		require.Fail(s.t, "the terminal doesn't end")
	}
	require.NotNil(s.t, s.status, "no status came")
	return *s.status
}

// terminalFixture serves one engine that has a container.
func terminalFixture(t *testing.T, e dockertest.Engine, spec dockertest.Spec, options ...option) (w *fixture, id string) {
	t.Helper()
	if spec.Cmd == nil {
		spec.Cmd = []string{"sleep"}
	}
	id = e.Run(t, spec)
	return setup(t, engineHosts([]dockertest.Engine{e}), options...), id
}

func onEveryEngine(t *testing.T, f func(t *testing.T, e dockertest.Engine)) {
	t.Helper()
	for _, e := range dockertest.Engines(t) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			f(t, e)
		})
	}
}

func TestTerminalIsBinarySafeAndSaysHowItEnded(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, e dockertest.Engine) {
		w, id := terminalFixture(t, e, dockertest.Spec{})
		s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "cat"}}))
		sent := make([]byte, 4<<20) // random: all byte values, not valid UTF-8
		_, _ = rand.Read(sent)
		for part := range len(sent) / (64 << 10) {
			s.send(channels.Stdin, sent[part*(64<<10):(part+1)*(64<<10)])
		}
		s.send(channels.Close, []byte{channels.Stdin})
		require.Equal(t, channels.Exited(0), s.end())
		require.True(t, bytes.Equal(sent, s.out.Bytes()), "%d bytes came back of %d", s.out.Len(), len(sent))

		s = w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "exit", "3"}}))
		require.Equal(t, channels.Exited(3), s.end())
		s = w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "nonsense"}}))
		require.Equal(t, channels.Exited(125), s.end())
		require.Contains(t, s.errs.String(), "unknown command")
		require.Empty(t, s.out.String())
	})
}

func TestTerminalHasASize(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, e dockertest.Engine) {
		w, id := terminalFixture(t, e, dockertest.Spec{})
		s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "winsize"}, TTY: true, Env: []string{"TERM=xterm"}}))
		for width := 60; width < 100; width++ {
			b, _ := json.Marshal(map[string]int{"Width": width, "Height": 40})
			s.send(channels.Resize, b)
		}
		s.shows("99 x 40\r\n")
		s.send(channels.Resize, []byte(`{"Width":0,"Height":0}`)) // browsers send it for a hidden page
		s.send(channels.Resize, []byte(`nonsense`))
		s.send(77, []byte(`a channel of another version`))
		s.send(channels.Stdin, []byte("\x03"))
		require.Equal(t, channels.Exited(0), s.end(), "Ctrl-C goes through")
	})
}

func TestAttachIsTheContainersOwnTerminal(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, e dockertest.Engine) {
		w, id := terminalFixture(t, e, dockertest.Spec{Cmd: []string{"log", "tick", "20ms"}})
		var out dto.TerminalTicket
		w.post("/v1/hosts/"+e.Name+"/containers/"+id+"/attach", nil).data(t, &out)
		s := w.open(t, out.URL)
		s.shows("tick\n")
		require.NoError(t, s.conn.Close(websocket.StatusNormalClosure, ""))
		require.Eventually(t, func() bool { return len(w.openTerminals(w.admin)) == 0 }, time.Minute, 5*time.Millisecond)
		require.Equal(t, "running", e.State(t, id), "the container outlives its terminal")
	})
}

func (w *fixture) openTerminals(bearer string) (all []dto.Terminal) {
	w.t.Helper()
	w.call("GET", "/v1/terminals", bearer, nil).data(w.t.(*testing.T), &all)
	return all
}

// execCalls returns how many requests about execs reached a fake daemon.
func execCalls(d *dockertest.Daemon) (n int) {
	for _, r := range d.Requests() {
		if strings.Contains(r.Path, "/exec") {
			n++
		}
	}
	return n
}

// execsRunning returns how many execs of a container still run.
func execsRunning(t *testing.T, e dockertest.Engine, id string) int {
	t.Helper()
	n := 0
	for _, exec := range e.Inspect(t, id).ExecIDs {
		if info, err := e.Client().ContainerExecInspect(t.Context(), exec); err == nil && info.Running {
			n++
		}
	}
	return n
}

func TestTerminalEndsWithWhatAllowedIt(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{Labels: map[string]string{"team": "web"}})
	grant := func(user string) string {
		var g dto.Grant
		w.post("/v1/grants", dto.NewGrant{Username: user, Hosts: e.Name, Labels: "team=web", Role: "viewer", Exec: true}).data(t, &g)
		return g.ID
	}
	for name, end := range map[string]func(user string, tok tokens, grant string){
		"logout": func(_ string, tok tokens, _ string) {
			w.call("POST", "/logout", "", map[string]string{"refresh_token": tok.refresh})
		},
		"disabled": func(user string, _ tokens, _ string) {
			w.call("PATCH", "/v1/users/"+user, w.admin, `{"disabled":true}`)
		},
		"deleted":    func(user string, _ tokens, _ string) { w.call("DELETE", "/v1/users/"+user, w.admin, nil) },
		"grant lost": func(_ string, _ tokens, grant string) { w.call("DELETE", "/v1/grants/"+grant, w.admin, nil) },
		"an admin": func(user string, _ tokens, _ string) {
			for _, open := range w.openTerminals(w.admin) {
				if open.User == user {
					require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/terminals/"+open.ID, w.admin, nil).status)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			user := strings.ReplaceAll(name, " ", "-")
			w.signUp(w.admin, user, "a good password")
			w.call("PATCH", "/v1/users/"+user, w.admin, `{"role":"none"}`)
			given := grant(user)
			tok := w.login(user, "a good password")
			s := w.open(t, w.ticket(e.Name, id, tok.access, dto.ExecRequest{Cmd: []string{"/app", "cat"}, TTY: true}))
			s.send(channels.Stdin, []byte("hello\r"))
			s.shows("hello")
			began := time.Now()
			end(user, tok, given)
			status := s.end()
			require.Equal(t, "Failure", status.Status)
			require.NotEmpty(t, status.Message)
			t.Logf("ended after %s: %s", time.Since(began), status.Message)
			require.Eventually(t, func() bool { return execsRunning(t, e, id) == 0 }, time.Minute, 20*time.Millisecond, "the process is hung up")
		})
	}
}

func TestARightThatStaysKeepsTheTerminal(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{})
	s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "cat"}}))
	for range 2 {
		var g dto.Grant
		w.post("/v1/grants", dto.NewGrant{Username: "gildong", Hosts: "*", Role: "viewer"}).data(t, &g)
		s.send(channels.Stdin, []byte("still here"))
		require.Equal(t, http.StatusOK, w.call("DELETE", "/v1/grants/"+g.ID, w.admin, nil).status)
	}
	s.send(channels.Close, []byte{channels.Stdin})
	require.Equal(t, channels.Exited(0), s.end())
	require.Equal(t, "still herestill here", s.out.String())
}

func TestTerminalEndsWithoutInputAndWithTheServer(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{}, func(o *api.Options) {
		o.Terminals = terminal.New(o.Hosts, o.Sessions, o.Audit, terminal.Options{Idle: 300 * time.Millisecond})
	})
	cat := dto.ExecRequest{Cmd: []string{"/app", "cat"}}
	require.Equal(t, terminal.IdleTooLong, w.open(t, w.ticket(e.Name, id, w.admin, cat)).end().Message)

	w, id = terminalFixture(t, e, dockertest.Spec{})
	s := w.open(t, w.ticket(e.Name, id, w.admin, cat))
	address := w.ticket(e.Name, id, w.admin, cat)
	w.terminals.Close()
	require.Equal(t, terminal.ServerEnds, s.end().Message)
	_, status := w.upgrade(t, address)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

// A process that Docker can't end keeps running, and the audit says so.
func TestProcessThatOutlivesItsTerminalIsOnRecord(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{})
	s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "stubborn", "1h"}}))
	s.shows("here to stay")
	require.NoError(t, s.conn.Close(websocket.StatusNormalClosure, ""))
	var page dto.AuditPage
	require.Eventually(t, func() bool { // the row is completed after the terminal has left the list
		w.get("/v1/audit?action=container.terminal").data(t, &page)
		return len(page.Audit) == 1 && page.Audit[0].Outcome != "pending"
	}, time.Minute, 20*time.Millisecond)
	require.Equal(t, "failed", page.Audit[0].Outcome)
	require.Equal(t, "the client left; the process did not end with its terminal and is left running", page.Audit[0].Detail)
	require.Equal(t, "/app stubborn 1h", page.Audit[0].Target)
	require.Equal(t, 1, execsRunning(t, e, id))
}

func TestTerminalsAreForAdminsAndGrantsThatSaySo(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}},
		dockertest.Container{Name: "closed", Labels: map[string]string{"wharf.exec": "off", "team": "web"}},
		dockertest.Container{Name: "ended", State: "exited", Labels: map[string]string{"team": "web"}})
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	operator, limited := w.person("operator", "operator"), w.person("limited", "none")
	w.post("/v1/grants", dto.NewGrant{Username: "limited", Hosts: "ours", Labels: "team=web", Role: "viewer", Exec: true}).data(t, new(dto.Grant))
	var key dto.APIKey
	w.post("/v1/keys", dto.NewAPIKey{Name: "low", Role: "operator"}).data(t, &key)
	for name, c := range map[string]struct {
		bearer, container string
		body              any
		want              int
	}{
		"admin":                {w.admin, "web", `{"cmd":["sh"]}`, 200},
		"grant with exec":      {limited, "web", `{"cmd":["sh"],"tty":true}`, 200},
		"operator":             {operator, "web", `{"cmd":["sh"]}`, 403},
		"a key below admin":    {secret(key.Key), "web", `{"cmd":["sh"]}`, 403},
		"refused by its label": {w.admin, "closed", `{"cmd":["sh"]}`, 403},
		"not running":          {w.admin, "ended", `{"cmd":["sh"]}`, 409},
		"unknown":              {w.admin, "nothing", `{"cmd":["sh"]}`, 404},
		"nobody":               {"", "web", `{"cmd":["sh"]}`, 401},
		"no command":           {w.admin, "web", `{"cmd":[]}`, 400},
		"an empty program":     {w.admin, "web", `{"cmd":[""]}`, 400},
		"a NUL byte":           {w.admin, "web", `{"cmd":["sh","a\u0000b"]}`, 400},
		"privileged":           {w.admin, "web", `{"cmd":["sh"],"privileged":true}`, 400},
		"env without a name":   {w.admin, "web", `{"cmd":["sh"],"env":["=x"]}`, 400},
		"relative workdir":     {w.admin, "web", `{"cmd":["sh"],"workdir":"srv"}`, 400},
	} {
		a := w.call("POST", "/v1/hosts/ours/containers/"+c.container+"/exec", c.bearer, c.body)
		require.Equal(t, c.want, a.status, "%s: %s", name, a.body)
	}
	require.Zero(t, execCalls(d), "a ticket starts nothing")
	a := w.post("/v1/hosts/ours/containers/web/exec?wait=true&limit=1h", `{"cmd":["sh"]}`)
	require.Equal(t, http.StatusBadRequest, a.status, a.body)
}

// No one but the holder of a fresh ticket opens a terminal: no cookie, no page of another origin, no second use.
func TestNothingButAFreshTicketOpensATerminal(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	other := d.Add(dockertest.Container{Name: "other"})
	w := setup(t, []dockerx.HostConfig{{Name: "ours", Addr: d.Addr()}})
	login := w.call("POST", "/login", "", map[string]string{"username": "gildong", "password": w.password})
	cookie := (&http.Response{Header: login.header}).Cookies()[0]
	secret(cookie.Value)
	sh := dto.ExecRequest{Cmd: []string{"sh"}}
	fresh := func() string { return w.ticket("ours", id, w.admin, sh) }
	withCookie := func(h http.Header) { h.Set("Cookie", cookie.Name+"="+cookie.Value) }
	origin := func(o string) func(http.Header) { return func(h http.Header) { h.Set("Origin", o) } }
	bare := strings.SplitN(fresh(), "?", 2)[0]
	used := fresh()
	d.Handle("POST /containers/{id}/exec", func(rw http.ResponseWriter, _ *http.Request) { dockertest.Fail(rw, 500, "no exec here") })
	_, status := w.upgrade(t, used)
	require.Equal(t, http.StatusInternalServerError, status, "the engine was asked")
	before := execCalls(d)
	require.Positive(t, before)

	second := w.login("gildong", w.password)
	loggedOut := w.ticket("ours", id, second.access, sh)
	w.call("POST", "/logout", "", map[string]string{"refresh_token": second.refresh})
	demoted := w.ticket("ours", id, w.person("demoted", "admin"), sh)
	require.Equal(t, http.StatusOK, w.call("PATCH", "/v1/users/demoted", w.admin, `{"role":"operator"}`).status)
	for name, c := range map[string]struct {
		address string
		edit    func(http.Header)
		want    int
	}{
		"a cookie alone":               {bare, withCookie, 401},
		"a cookie from another port":   {bare, func(h http.Header) { withCookie(h); h.Set("Origin", "http://127.0.0.1:1") }, 403},
		"a token in the address":       {bare + "?ticket=" + w.admin, nil, 401},
		"a bearer alone":               {bare, func(h http.Header) { h.Set("Authorization", "Bearer "+w.admin) }, 401},
		"another port's page":          {fresh(), origin("http://127.0.0.1:1"), 403},
		"a sibling's page":             {fresh(), origin("https://evil.example.org"), 403},
		"a sandboxed page":             {fresh(), origin("null"), 403},
		"a used ticket":                {used, nil, 401},
		"a made-up ticket":             {bare + "?ticket=" + rand.Text(), nil, 401},
		"another container's":          {strings.Replace(fresh(), id, other, 1), nil, 401},
		"an attach of an exec's":       {strings.Replace(fresh(), "exec/attach", "attach", 1), nil, 401},
		"after logout":                 {loggedOut, nil, 401},
		"after the role was taken":     {demoted, nil, 403},
		"a parameter that isn't known": {fresh() + "&x=1", nil, 400},
	} {
		edits := []func(http.Header){}
		if c.edit != nil {
			edits = append(edits, c.edit)
		}
		_, status := w.upgrade(t, c.address, edits...)
		require.Equal(t, c.want, status, name)
	}
	a := w.call("GET", fresh(), "", nil)
	require.Equal(t, http.StatusBadRequest, a.status, "no upgrade: %s", a.body)
	require.Equal(t, before, execCalls(d), "an exec was created at the engine")
}

func TestCommandRunsToItsEnd(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, e dockertest.Engine) {
		w, id := terminalFixture(t, e, dockertest.Spec{Env: []string{"A=1"}})
		run := func(query string, in dto.ExecRequest) (out dto.ExecResult) {
			w.post("/v1/hosts/"+e.Name+"/containers/"+id+"/exec?wait=true"+query, in).data(t, &out)
			return out
		}
		out := run("", dto.ExecRequest{Cmd: []string{"/app", "env"}, Env: []string{"B=2"}})
		require.Zero(t, *out.ExitCode)
		require.Contains(t, *out.Stdout, "A=1")
		require.Contains(t, *out.Stdout, "B=2")
		require.False(t, *out.Truncated)
		out = run("", dto.ExecRequest{Cmd: []string{"/app", "nonsense"}})
		require.Equal(t, 125, *out.ExitCode)
		require.Contains(t, *out.Stderr, "unknown command")
		out = run("", dto.ExecRequest{Cmd: []string{"/app", "cat"}})
		require.Zero(t, *out.ExitCode, "there is no input")
		out = run("&limit=200ms", dto.ExecRequest{Cmd: []string{"/app", "sleep", "1h"}})
		require.Nil(t, out.ExitCode)
		require.True(t, *out.TimedOut)
		for _, limit := range []string{"1s", "10s", "1m"} { // the first limit that suffices on this machine
			out = run("&limit="+limit, dto.ExecRequest{Cmd: []string{"/app", "log", strings.Repeat("x", 30_000), "1ms"}})
			if *out.Truncated {
				break
			}
		}
		require.Len(t, *out.Stdout, 64<<10)
		require.True(t, *out.Truncated)
	})
}

func TestTerminalsAreCapped(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{}, func(o *api.Options) {
		o.Terminals = terminal.New(o.Hosts, o.Sessions, o.Audit, terminal.Options{PerUser: 1, Total: 2})
	})
	cat := dto.ExecRequest{Cmd: []string{"/app", "cat"}}
	s := w.open(t, w.ticket(e.Name, id, w.admin, cat))
	_, status := w.upgrade(t, w.ticket(e.Name, id, w.admin, cat))
	require.Equal(t, http.StatusTooManyRequests, status)
	w.open(t, w.ticket(e.Name, id, w.person("b", "admin"), cat))
	_, status = w.upgrade(t, w.ticket(e.Name, id, w.person("c", "admin"), cat))
	require.Equal(t, http.StatusTooManyRequests, status)
	s.send(channels.Close, []byte{channels.Stdin})
	require.Equal(t, channels.Exited(0), s.end())
	require.Eventually(t, func() bool { return len(w.openTerminals(w.admin)) == 1 }, time.Minute, 5*time.Millisecond)
	w.open(t, w.ticket(e.Name, id, w.admin, cat))
}

func TestTerminalIsRecordedForAdmins(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w, id := terminalFixture(t, e, dockertest.Spec{}, func(o *api.Options) {
		o.Terminals = terminal.New(o.Hosts, o.Sessions, o.Audit, terminal.Options{Records: t.TempDir()})
	})
	s := w.open(t, w.ticket(e.Name, id, w.admin, dto.ExecRequest{Cmd: []string{"/app", "cat"}, TTY: true}))
	s.send(channels.Stdin, []byte("안녕\r"))
	s.shows("안녕")
	all := w.openTerminals(w.admin)
	require.Len(t, all, 1)
	require.Empty(t, w.openTerminals(w.person("viewer", "viewer")), "of others nothing is seen")
	require.Equal(t, []string{"/app", "cat"}, all[0].Cmd)
	require.Positive(t, all[0].BytesIn)
	s.send(channels.Stdin, []byte("\x04"))
	require.Equal(t, channels.Exited(0), s.end())
	require.Eventually(t, func() bool { return len(w.openTerminals(w.admin)) == 0 }, time.Minute, 5*time.Millisecond)
	cast := w.get("/v1/terminals/" + all[0].ID + "/cast")
	require.Equal(t, http.StatusOK, cast.status)
	require.Contains(t, cast.body, `"version":2`)
	require.Contains(t, cast.body, "안녕")
	require.Equal(t, http.StatusNotFound, w.get("/v1/terminals/"+uuid.NewString()+"/cast").status)
	require.Equal(t, http.StatusForbidden, w.call("GET", "/v1/terminals/"+all[0].ID+"/cast", w.person("operator", "operator"), nil).status)
}
