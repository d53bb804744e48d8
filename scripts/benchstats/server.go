package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// build builds the wharf that is measured.
func build(ctx context.Context) (binary, dir string, err error) {
	dir, err = os.MkdirTemp("", "wharf-benchstats-")
	if err != nil {
		return "", "", err
	}
	binary = filepath.Join(dir, "wharf")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", "", fmt.Errorf("build wharf (run this from the module's root): %w: %s", err, out)
	}
	return binary, dir, nil
}

// server is a process that answers HTTP: wharf or the bare handler.
type server struct {
	cmd    *exec.Cmd
	url    string
	client *http.Client
}

// startWharf starts a fresh wharf on the engine, which hasn't sampled anything.
func (b *measurement) startWharf(ctx context.Context, host string, settings ...string) (*server, error) {
	dir, err := os.MkdirTemp(b.dir, "run-")
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, b.binary)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AUTH_MODE=open", "DATA_DIR="+dir, "DOCKER_HOSTS=bench="+host, "LOG_LEVEL=warn", "DB_SOURCE=", "STREAMS_PER_USER=1000000")
	cmd.Env = append(cmd.Env, settings...)
	s, err := startServer(ctx, cmd, "LISTEN_ADDR=")
	if err != nil {
		return nil, err
	}
	// Lists are served from the cache once the event stream is connected, which half a second is enough for.
	time.Sleep(500 * time.Millisecond)
	return s, nil
}

// startBare starts a handler that only writes the bytes.
func (b *measurement) startBare(ctx context.Context, body []byte) (*server, error) {
	name := filepath.Join(b.dir, "body.json")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-bare", name)
	cmd.Env = os.Environ()
	return startServer(ctx, cmd, "BARE_ADDR=")
}

func serveBare(name string) error {
	body, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	s := &http.Server{Addr: os.Getenv("BARE_ADDR"), ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})}
	return s.ListenAndServe()
}

func startServer(ctx context.Context, cmd *exec.Cmd, addrSetting string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_ = l.Close()
	cmd.Env = append(cmd.Env, addrSetting+addr)
	log := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = io.Discard, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, url: "http://" + addr, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, _, err := s.get(ctx, "/healthz"); err == nil {
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("%s doesn't answer: %s", cmd.Path, log)
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
	s.client.CloseIdleConnections()
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// get makes a request, and returns the answer and how long it took.
func (s *server) get(ctx context.Context, path string) (answer, time.Duration, error) {
	var body bytes.Buffer
	partial, took, err := s.ask(ctx, path, &body)
	return answer{body.Bytes(), partial}, took, err
}

// ask is get with the caller's writer for the body.
func (s *server) ask(ctx context.Context, path string, body io.Writer) (partial bool, took time.Duration, err error) {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return false, 0, err
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return false, 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(body, resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return resp.Header.Get("X-Partial") == "true", time.Since(began), err
}

type answer struct {
	body    []byte
	partial bool
}
