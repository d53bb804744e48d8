package benchkit

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// listenLimit is how long a process may take until it listens.
const listenLimit = time.Minute

var buildDir string // empty until something is built

// Binary returns the path of wharf's binary: that in WHARF_TEST_BINARY, which `make test` builds once for all packages, otherwise
// one built for the tests of the package, which RemoveBinary deletes.
var Binary = sync.OnceValues(func() (path string, err error) {
	if path = os.Getenv("WHARF_TEST_BINARY"); path != "" {
		return path, nil
	}
	if buildDir, err = os.MkdirTemp("", "wharf-bench-"); err != nil {
		return "", err
	}
	path = filepath.Join(buildDir, "wharf")
	return path, build(path)
})

// RemoveBinary deletes what Binary built.
func RemoveBinary() { _ = os.RemoveAll(buildDir) }

// build builds wharf with compiler flags.
func build(path string, flags ...string) error {
	args := append(append([]string{"build"}, flags...), "-o", path, "wharf")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build wharf: %w: %s", err, out)
	}
	return nil
}

// Process is a program that listens on its own port, which it keeps when it is restarted.
type Process struct {
	Addr  string        // host:port
	Dir   string        // its working directory, empty at first
	Ready time.Duration // time from its last start until it listened

	t    testing.TB
	path string
	env  []string
	cmd  *exec.Cmd
	logs *os.File
}

// Wharf starts wharf with settings, with its data in Process.Dir, until the test ends.
func Wharf(t testing.TB, settings ...string) *Process {
	t.Helper()
	path, err := Binary()
	require.NoError(t, err)
	return WharfAt(t, path, settings...)
}

// WharfAt is Wharf with another binary.
func WharfAt(t testing.TB, path string, settings ...string) *Process {
	t.Helper()
	return Run(t, path, func(p *Process) []string {
		return append([]string{
			"LISTEN_ADDR=" + p.Addr, "STREAMS_PER_USER=1000000", "DATA_DIR=" + p.Dir, "LOG_LEVEL=warn", "LOG_FORMAT=json",
			"HOME=" + p.Dir, "PATH=" + os.Getenv("PATH"),
		}, settings...)
	})
}

// Run starts a program until the test ends. env returns its environment, which must tell it where to listen.
func Run(t testing.TB, path string, env func(*Process) []string) *Process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Process{Addr: l.Addr().String(), Dir: t.TempDir(), t: t, path: path}
	require.NoError(t, l.Close())
	p.env = env(p)
	p.Start()
	t.Cleanup(p.Kill)
	return p
}

// Start starts the program, or restarts it after Kill or End, and waits until it listens.
func (p *Process) Start() {
	p.t.Helper()
	began := time.Now()
	p.Launch()
	require.Eventually(p.t, func() bool {
		c, err := net.Dial("tcp", p.Addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, listenLimit, 2*time.Millisecond, "%s doesn't listen: see %s", p.path, p.logFile())
	p.Ready = time.Since(began)
}

// Launch is Start without the wait.
func (p *Process) Launch() {
	p.t.Helper()
	var err error
	p.logs, err = os.OpenFile(p.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(p.t, err)
	p.cmd = exec.Command(p.path)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.Dir, p.env, p.logs, p.logs
	require.NoError(p.t, p.cmd.Start())
}

// Kill ends the process abruptly, like a crash.
func (p *Process) Kill() { p.End(os.Kill) }

// End sends a signal and waits until the process has ended.
func (p *Process) End(signal os.Signal) {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Signal(signal)
	_ = p.cmd.Wait()
	_ = p.logs.Close()
	p.cmd = nil
}

// Running reports whether the process was started and hasn't been ended.
func (p *Process) Running() bool { return p.cmd != nil }

// PID returns the process's id while it runs.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// URL returns the base URL of the process.
func (p *Process) URL() string { return "http://" + p.Addr }

// Log returns what the process has printed so far.
func (p *Process) Log() string {
	b, err := os.ReadFile(p.logFile())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func (p *Process) logFile() string { return filepath.Join(p.Dir, "log") }
