package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary builds wharf once for all tests of the process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "wharf-binary-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "wharf")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// wharf runs the binary in a folder with settings and returns what it printed.
func wharf(t *testing.T, dir, stdin string, env []string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := command(t, dir, env, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return cmd
}

// process is a running server.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *output
	logs *output
	url  string
}

// output collects what a process prints, for reading while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

var listening = regexp.MustCompile(`"address":"[^"]*:(\d+)"`)

// serve starts a server on a free port and waits until it listens.
func serve(t *testing.T, dir string, env ...string) *process {
	t.Helper()
	return serveAs(t, dir, func(cmd *exec.Cmd) *exec.Cmd { return cmd }, env...)
}

// serveAs is serve with another command in its place.
func serveAs(t *testing.T, dir string, as func(*exec.Cmd) *exec.Cmd, env ...string) *process {
	t.Helper()
	p := &process{t: t, out: &output{}, logs: &output{}}
	env = append([]string{"LISTEN_ADDR=127.0.0.1:0", "DOCKER_HOST=unix:///nowhere.sock"}, env...)
	p.cmd = as(command(t, dir, env, "serve", "-hints"))
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.logs
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	require.Eventually(t, func() bool { return listening.MatchString(p.logs.String()) }, time.Minute, 5*time.Millisecond, "%s", p.logs)
	p.url = "http://127.0.0.1:" + listening.FindStringSubmatch(p.logs.String())[1]
	return p
}

// awaitReady waits until /readyz says so.
func (p *process) awaitReady() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.get("/readyz", "") == http.StatusOK }, time.Minute, 10*time.Millisecond, "%s", p.logs)
}

// stop sends a signal and returns how long the end took; it must be a clean one.
func (p *process) stop(signal os.Signal) time.Duration {
	p.t.Helper()
	start := time.Now()
	require.NoError(p.t, p.cmd.Process.Signal(signal))
	require.NoError(p.t, p.cmd.Wait(), "%s", p.logs)
	return time.Since(start)
}

func (p *process) get(path, token string) int {
	p.t.Helper()
	status, _ := p.call(http.MethodGet, path, token, "")
	return status
}

// call returns the status, 0 where nobody answered, and the body.
func (p *process) call(method, path, token, body string, headers ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	require.NoError(p.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	return resp.StatusCode, string(raw)
}

const gildong = `{"username":"gildong","password":"123123","full_name":"YunGilDong","email":"gildong@email.com"}`

// login makes the user where it is missing and returns its access token.
func (p *process) login() string {
	p.t.Helper()
	p.call(http.MethodPost, "/user", "", gildong)
	status, body := p.call(http.MethodPost, "/login", "", `{"username":"gildong","password":"123123"}`)
	require.Equal(p.t, http.StatusOK, status, body)
	var l struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(p.t, json.Unmarshal([]byte(body), &l))
	return l.AccessToken
}
