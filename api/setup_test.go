package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/api"
	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
	"wharf/service/bulk"
	"wharf/service/eventlog"
	"wharf/service/pulls"
	"wharf/service/recreate"
	"wharf/service/terminal"
	"wharf/token"
	"wharf/util/password"
)

// suite holds every line that the servers of all tests log, and every secret that they were sent or issued.
var suite struct {
	sync.Mutex
	log     bytes.Buffer
	lines   map[string][]string // by request id
	secrets []string
}

type suiteLog struct{}

func (suiteLog) Write(p []byte) (int, error) {
	suite.Lock()
	defer suite.Unlock()
	if _, rest, ok := strings.Cut(string(p), `"request_id":"`); ok {
		if suite.lines == nil {
			suite.lines = map[string][]string{}
		}
		id, _, _ := strings.Cut(rest, `"`)
		suite.lines[id] = append(suite.lines[id], string(p))
	}
	return suite.log.Write(p)
}

// logged returns the log lines so far that have the request's id.
func logged(requestID string) []string {
	suite.Lock()
	defer suite.Unlock()
	return suite.lines[requestID]
}

// secret registers a value that must never be logged.
func secret(s string) string {
	suite.Lock()
	defer suite.Unlock()
	suite.secrets = append(suite.secrets, s)
	return s
}

// TestMain fails the suite if a goroutine leaks, or if a secret of any test appears in a log line.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("30")
	}
	spec() // fail at once if the document can't be read
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if !reportSpec() && code == 0 {
		code = 1
	}
	suite.Lock() // a handler that took over its connection may log after its server has closed
	defer suite.Unlock()
	for _, s := range heldBy(suite.log.String(), suite.secrets) {
		fmt.Fprintf(os.Stderr, "FAIL: the log holds the secret %q\n", s)
		code = 1
	}
	if code == 0 && !testing.Short() && (len(suite.secrets) == 0 || suite.log.Len() == 0) {
		fmt.Fprintln(os.Stderr, "FAIL: no secrets or no log to search: the search proves nothing")
		code = 1
	}
	os.Exit(code)
}

// heldBy returns the secrets that appear in a log. There are thousands, and the log has many megabytes: one pass looks for all of
// them, and only if one is found are they searched for one by one.
func heldBy(log string, secrets []string) (held []string) {
	var marks []string
	for _, s := range secrets {
		marks = append(marks, s, "\x00") // JSON writes it as \u0000
	}
	if !strings.Contains(strings.NewReplacer(marks...).Replace(log), "\x00") {
		return nil
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			held = append(held, s)
		}
	}
	return held
}

func TestASecretInALogIsFound(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"eyJ.b", "longer"}, heldBy(`{"a":"eyJ.b"} xlongerx`, []string{"eyJ.a", "eyJ.b", "longer", "long-er"}))
	require.Empty(t, heldBy(`{"a":"eyJ."}`, []string{"eyJ.a", "eyJ.b"}))
}

// hasher is shared by all tests. It is cheap, since hashing isn't under test.
var hasher = password.Cheap()

// fixture is a complete server with its own database.
type fixture struct {
	t         testing.TB
	url       string
	through   http.RoundTripper // sends the requests; nil: the default transport
	db        *db.DB
	users     *service.Users
	sessions  *service.Sessions
	audit     *service.Audit
	maker     token.Maker
	api       *api.Server
	terminals *terminal.Terminals
	admin     string // access token of the first user
	password  string // of the first user
}

type option func(*api.Options)

// noUsers leaves the creation of the first user to the test.
func noUsers(o *api.Options) { o.AnonRole = "nobody yet" }

func openMode(o *api.Options) { o.Open, o.AnonRole = true, service.RoleOperator }

// setup serves the given hosts, on SQLite.
func setup(t testing.TB, hosts []dockerx.HostConfig, options ...option) *fixture {
	t.Helper()
	return setupOn(t, dbtest.Open(t, dbtest.SQLiteSource(t)), hosts, options...)
}

func setupOn(t testing.TB, d *db.DB, hosts []dockerx.HostConfig, options ...option) *fixture {
	t.Helper()
	log := zerolog.New(suiteLog{})
	keys, err := token.ParseKeys("test:" + secret(rand.Text()+rand.Text()))
	require.NoError(t, err)
	maker, err := token.NewJWT(keys)
	require.NoError(t, err)
	audit := service.NewAudit(d, service.AuditOptions{Logger: log})
	events := eventlog.New(d, eventlog.Options{Logger: log, Attribute: audit.Attribute})
	fleet, err := dockerx.NewFleet(hosts, dockerx.Options{Logger: log, OnEvent: events.Publish, Resume: events.Resume})
	require.NoError(t, err)
	w := &fixture{
		t: t, db: d, password: secret("pw-" + rand.Text()), audit: audit, maker: maker,
		users:    service.NewUsers(d, service.UsersOptions{Hasher: hasher, PasswordMin: 6, Audit: audit}),
		sessions: service.NewSessions(d, maker, service.SessionsOptions{Hasher: hasher, Audit: audit}),
	}
	door := service.NewHosts(fleet, w.audit)
	door.UseRecreations(recreate.New(d, fleet, recreate.Options{Record: audit.RecordRecreated, Logger: log}))
	o := api.Options{
		Terminals: terminal.New(door, w.sessions, w.audit, terminal.Options{Logger: log}),
		Logger:    log, Users: w.users, Sessions: w.sessions, Hosts: door, Events: service.NewEvents(events), Audit: w.audit, Requests: service.NewIdempotentRequests(d), Ready: d.Ping,
		Metrics: api.MetricsContainers, Version: "test", MaskSecrets: true, Bulk: bulk.New(d, door, w.sessions, bulk.Options{Logger: log}), Pulls: pulls.New(door, pulls.Options{}),
	}
	for _, set := range options {
		set(&o)
	}
	w.api = api.New(o)
	w.terminals = o.Terminals
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = fleet.Run(ctx) })
	running.Go(func() { _ = events.Run(ctx) })
	running.Go(func() { _ = w.sessions.Run(ctx) })
	running.Go(func() { _ = audit.Run(ctx) })
	running.Go(func() { _ = w.terminals.Run(ctx) })
	server := httptest.NewServer(watch(t, w.api))
	w.url = server.URL
	t.Cleanup(func() {
		w.api.EndStreams()
		o.Terminals.Close()
		o.Bulk.Close()
		o.Pulls.Close()
		server.Close()
		cancel()
		running.Wait()
		require.NoError(t, fleet.Close())
	})
	if !o.Open && o.AnonRole != "nobody yet" {
		w.admin = w.signUpAdmin()
	}
	return w
}

// engineHosts returns host configurations for the test bed's engines.
func engineHosts(engines []dockertest.Engine) []dockerx.HostConfig {
	var hosts []dockerx.HostConfig
	for _, e := range engines {
		hosts = append(hosts, dockerx.HostConfig{
			Name: e.Name, Addr: e.Addr, CertDir: e.CertDir, // deadlines that an engine meets even on a busy machine
			Timeouts: dockerx.Timeouts{Ping: 30 * time.Second, Read: time.Minute},
		})
	}
	return hosts
}

func (w *fixture) signUpAdmin() string {
	w.t.Helper()
	w.signUp("", "gildong", w.password)
	return w.login("gildong", w.password).access
}

func (w *fixture) signUp(token, username, password string) {
	w.t.Helper()
	a := w.call("POST", "/user", token, map[string]string{
		"username": username, "password": secret(password), "full_name": "YunGilDong", "email": username + "@email.com",
	})
	require.Equal(w.t, http.StatusOK, a.status, a.body)
}

type tokens struct{ session, access, refresh string }

func (w *fixture) login(username, password string) tokens {
	w.t.Helper()
	a := w.call("POST", "/login", "", map[string]string{"username": username, "password": password})
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	var l struct {
		SessionID    string `json:"session_id"`
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	require.NoError(w.t, json.Unmarshal([]byte(a.body), &l))
	return tokens{l.SessionID, secret(l.AccessToken), secret(l.RefreshToken)}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// message returns the error text in the contract's failure envelope.
func (a answer) message(t testing.TB) string {
	t.Helper()
	var f struct {
		Success *bool   `json:"success"`
		Message *string `json:"message"`
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &f), a.body)
	require.NotNil(t, f.Success, a.body)
	require.False(t, *f.Success)
	require.NotNil(t, f.Message, a.body)
	return *f.Message
}

func (a answer) data(t *testing.T, into any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, a.body)
	env := struct {
		Success bool `json:"success"`
		Data    any  `json:"data"`
	}{Data: into}
	require.NoError(t, json.Unmarshal([]byte(a.body), &env), a.body)
	require.True(t, env.Success)
}

// call sends body as JSON (a string unchanged, nil as no body), with a bearer token unless that is empty.
func (w *fixture) call(method, path, bearer string, body any, edits ...func(*http.Request)) answer {
	w.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		require.NoError(w.t, err)
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	require.NoError(w.t, err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for _, edit := range edits {
		edit(r)
	}
	through := w.through
	if through == nil {
		through = http.DefaultTransport
	}
	resp, err := through.RoundTrip(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// in returns the same fixture for another test, such as one of a fuzz target.
func (w *fixture) in(t testing.TB) *fixture {
	t.Helper()
	same := *w
	same.t = t
	return &same
}

// get is call without a body, as the admin.
func (w *fixture) get(path string) answer {
	w.t.Helper()
	return w.call("GET", path, w.admin, nil)
}

// post is call with a body, as the admin.
func (w *fixture) post(path string, body any) answer {
	w.t.Helper()
	return w.call("POST", path, w.admin, body)
}
