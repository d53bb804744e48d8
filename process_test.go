package main_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) {
	code := m.Run()
	benchkit.RemoveBinary()
	os.Exit(code)
}

// wharf runs the binary in a directory with the given settings and returns what it printed.
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
	path, err := benchkit.Binary()
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
	mu    sync.Mutex
	buf   bytes.Buffer
	watch func(all string) // gets all output so far, at each write
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.buf.Write(p)
	if o.watch != nil {
		o.watch(o.buf.String())
	}
	return n, err
}

func (o *output) onWrite(f func(all string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.watch = f
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

// serveAs is serve with another command, which as returns.
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

// awaitReady waits until /readyz reports that the server is ready.
func (p *process) awaitReady() {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return p.readyz() == http.StatusOK }, time.Minute, 10*time.Millisecond, "%s", p.logs)
}

// stop sends a signal, checks that the server ends cleanly and returns how long that took.
func (p *process) stop(signal os.Signal) time.Duration {
	p.t.Helper()
	start := time.Now()
	require.NoError(p.t, p.cmd.Process.Signal(signal))
	require.NoError(p.t, p.cmd.Wait(), "%s", p.logs)
	return time.Since(start)
}

// as returns a client that sends a token, "" for none. It makes one attempt, so that tests see each response.
func (p *process) as(token string) *client.Client {
	return client.New(p.url, client.Options{Token: token, Tries: 1})
}

// String makes the server end with a dump of its goroutines, and returns all its output.
func (p *process) String() string {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	_ = p.cmd.Wait()
	return p.logs.String()
}

// status returns the HTTP status of a client's error: 0 if there was no response.
func status(err error) int {
	e := (*client.Error)(nil)
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &e):
		return e.Status
	default:
		return 0
	}
}

func (p *process) healthz() int { return status(p.as("").Healthz(p.t.Context())) }
func (p *process) readyz() int  { return status(p.as("").Readyz(p.t.Context())) }

// listHosts and listContainers return the status of the response.
func (p *process) listHosts(token string) int {
	_, err := p.as(token).ListHosts(p.t.Context())
	return status(err)
}

func (p *process) listContainers(host, token string) int {
	_, err := p.as(token).ListContainers(p.t.Context(), host)
	return status(err)
}

// signUp creates the user gildong. headers are alternating names and values.
func (p *process) signUp(headers ...string) error {
	ctx := p.t.Context()
	for i := 0; i < len(headers); i += 2 {
		ctx = client.WithHeader(ctx, headers[i], headers[i+1])
	}
	_, err := p.as("").CreateUser(ctx, dto.NewUser{
		Username: "gildong", Password: "123123", FullName: "YunGilDong", Email: "gildong@email.com",
	})
	return err
}

// logIn logs a user in and returns the session.
func (p *process) logIn(username, password string) (dto.Login, error) {
	return p.as("").Login(p.t.Context(), dto.Credentials{Username: username, Password: dto.Password(password)})
}

// login creates the user gildong if it doesn't exist, and returns an access token for it.
func (p *process) login() string {
	p.t.Helper()
	_ = p.signUp()
	l, err := p.logIn("gildong", "123123")
	require.NoError(p.t, err)
	return l.AccessToken
}
