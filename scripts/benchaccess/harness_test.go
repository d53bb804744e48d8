package benchaccess

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_ACCESS")) }

// engines are the databases, each with the setting of a fresh one.
var engines = map[string]func(testing.TB) string{
	"SQLite":   func(testing.TB) string { return "DB_SOURCE=" },
	"Postgres": func(t testing.TB) string { return "DB_SOURCE=" + dbtest.EmptyPostgresSource(t) },
}

// eachEngine runs a part on each database, one after the other.
func eachEngine(t *testing.T, part func(t *testing.T, name, setting string)) {
	t.Helper()
	for _, name := range []string{"SQLite", "Postgres"} {
		t.Run(name, func(t *testing.T) { part(t, name, engines[name](t)) })
	}
}

// server is a wharf process, and a client of it.
type server struct {
	*benchkit.Process
	t      testing.TB
	client *http.Client
	admin  string // the first user's access token; empty in open mode
}

// wharf starts one with settings and waits until it is ready.
func wharf(t testing.TB, settings ...string) *server {
	t.Helper()
	s := &server{
		Process: benchkit.Wharf(t, append([]string{"DOCKER_HOSTS=h=unix:///nowhere.sock"}, settings...)...), t: t,
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	require.Eventually(t, func() bool { return s.call("GET", "/readyz", "", nil).status == http.StatusOK }, time.Minute, 5*time.Millisecond)
	return s
}

const password = "a-password-of-the-benchmark"

// bootstrap makes the first user and logs it in.
func (s *server) bootstrap() *server {
	s.t.Helper()
	s.signUp("admin", "")
	s.admin = s.login("admin", password).AccessToken
	return s
}

func (s *server) signUp(name, role string) {
	s.t.Helper()
	s.must("POST", "/user", map[string]string{
		"username": name, "password": password, "full_name": name, "email": name + "@email.com", "role": role,
	}, nil)
}

type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (s *server) login(name, password string) (l tokens) {
	s.t.Helper()
	a := s.call("POST", "/login", "", map[string]string{"username": name, "password": password})
	require.Equal(s.t, http.StatusOK, a.status, "%s", a.body)
	require.NoError(s.t, json.Unmarshal(a.body, &l))
	return l
}

// must is a call of the admin that succeeds; into gets the answer's data.
func (s *server) must(method, path string, body, into any) {
	s.t.Helper()
	a := s.call(method, path, s.admin, body)
	require.Equal(s.t, http.StatusOK, a.status, "%s %s: %s", method, path, a.body)
	if into != nil {
		require.NoError(s.t, json.Unmarshal(a.body, &struct {
			Data any `json:"data"`
		}{into}))
	}
}

type answer struct {
	status int // 0: no answer
	header http.Header
	body   []byte
}

// call sends body as JSON, nil as nothing. It is safe for concurrent use.
func (s *server) call(method, path, token string, body any, edits ...func(*http.Request)) answer {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, s.URL()+path, in)
	if err != nil {
		panic(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, edit := range edits {
		edit(r)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	return answer{resp.StatusCode, resp.Header, out}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
