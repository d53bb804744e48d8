package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"

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
	"wharf/web"
	"wharf/web/browsertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	admin    = "gildong"
	password = "correct horse battery"
)

// fixture is a wharf that can be stopped and restarted at the same address, with the same database.
type fixture struct {
	t     *testing.T
	addr  string
	db    *db.DB
	maker token.Maker
	hosts []dockerx.HostConfig
	setup string // token for the first user; empty: none is required
	edit  func(*api.Options)
	stop  func()
}

// serve starts a wharf without users in front of hosts.
func serve(t *testing.T, hosts []dockerx.HostConfig, edits ...func(*fixture)) *fixture {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser: left out by -short")
	}
	if os.Getenv("WEB") == "no" {
		t.Skip("needs the page: left out by WEB=no")
	}
	require.Equal(t, http.StatusOK, web.Index().Status, "the page isn't built: run `make web`")
	keys, err := token.ParseKeys("test:" + rand.Text() + rand.Text())
	require.NoError(t, err)
	f := &fixture{t: t, addr: "127.0.0.1:0", db: dbtest.Open(t, dbtest.SQLiteSource(t)), hosts: hosts, edit: func(*api.Options) {}}
	f.maker, err = token.NewJWT(keys)
	require.NoError(t, err)
	for _, edit := range edits {
		edit(f)
	}
	f.start()
	t.Cleanup(func() { f.stop() })
	return f
}

// start starts the server, at the same address each time.
func (f *fixture) start() {
	t := f.t
	t.Helper()
	log := zerolog.New(io.Discard)
	audit := service.NewAudit(f.db, service.AuditOptions{Logger: log})
	events := eventlog.New(f.db, eventlog.Options{Logger: log, Attribute: audit.Attribute})
	fleet, err := dockerx.NewFleet(f.hosts, dockerx.Options{Logger: log, OnEvent: events.Publish, Resume: events.Resume})
	require.NoError(t, err)
	sessions := service.NewSessions(f.db, f.maker, service.SessionsOptions{Audit: audit})
	door := service.NewHosts(fleet, audit)
	door.UseRecreations(recreate.New(f.db, fleet, recreate.Options{Server: "test", Logger: log}))
	terminals := terminal.New(door, sessions, audit, terminal.Options{Logger: log})
	o := api.Options{
		Terminals: terminals,
		Logger:    log, Users: service.NewUsers(f.db, service.UsersOptions{PasswordMin: 6, Audit: audit, SetupToken: f.setup}), Sessions: sessions,
		Hosts: door, Events: service.NewEvents(events), Audit: audit, Requests: service.NewIdempotentRequests(f.db), Ready: f.db.Ping, MaskSecrets: true,
		Bulk: bulk.New(f.db, door, sessions, bulk.Options{Logger: log}), Pulls: pulls.New(door, pulls.Options{}),
	}
	f.edit(&o)
	handler := api.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{fleet.Run, events.Run, sessions.Run, audit.Run} {
		running.Go(func() { _ = run(ctx) })
	}
	listener, err := net.Listen("tcp", f.addr)
	require.NoError(t, err)
	f.addr = listener.Addr().String()
	server := &http.Server{Handler: handler} //nolint:gosec // the tests' own browser is the only client
	running.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	f.stop = sync.OnceFunc(func() {
		handler.EndStreams()
		terminals.Close()
		o.Bulk.Close()
		o.Pulls.Close()
		_ = server.Close()
		cancel()
		running.Wait()
		require.NoError(t, fleet.Close())
	})
}

func (f *fixture) url(path string) string { return "http://" + f.addr + path }

// signUp creates a user through the API: the first becomes admin.
func (f *fixture) signUp(username string) {
	f.t.Helper()
	f.post("/user", "", map[string]string{"username": username, "password": password, "full_name": "Hong Gildong", "email": username + "@example.com"}, nil)
}

// token logs in through the API and returns the access token.
func (f *fixture) token(username string) string {
	f.t.Helper()
	var session struct {
		Data struct {
			AccessToken string `json:"access_token"`
		}
	}
	f.post("/v1/session", "", map[string]string{"username": username, "password": password}, &session)
	return session.Data.AccessToken
}

func (f *fixture) post(path, bearer string, body, into any) {
	f.call(http.MethodPost, path, bearer, body, into)
}

func (f *fixture) call(method, path, bearer string, body, into any) {
	f.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(f.t, err)
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url(path), bytes.NewReader(raw))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Close = true
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(f.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(f.t, err)
	require.Contains(f.t, []int{http.StatusOK, http.StatusAccepted}, resp.StatusCode, "%s", answer)
	if into != nil {
		require.NoError(f.t, json.Unmarshal(answer, into))
	}
}

// live is true when the lists are loaded and the stream is open.
const live = `document.querySelector('main .top') && document.querySelector('.link-state .good')`

// login opens an address of the page and logs in.
func (f *fixture) login(tab *browsertest.Tab, username, path string) {
	f.t.Helper()
	tab.Go(f.url(path))
	tab.Type(`input[name="username"]`, username)
	tab.Type(`input[name="password"]`, password)
	tab.Click(`form .primary`)
	tab.Until(live)
}

// stateOf waits until the list shows a container in a state.
func stateOf(tab *browsertest.Tab, container, state string) {
	tab.Until(`[...document.querySelectorAll('[role="row"]')].some((r) => r.querySelector('.name')?.textContent === '` + container +
		`' && r.querySelector('.mark')?.textContent === '` + state + `')`)
}

func engineHosts(engines []dockertest.Engine) []dockerx.HostConfig {
	hosts := make([]dockerx.HostConfig, len(engines))
	for i, e := range engines {
		hosts[i] = dockerx.HostConfig{Name: e.Name, Addr: e.Addr, CertDir: e.CertDir}
	}
	return hosts
}
