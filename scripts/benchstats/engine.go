package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// engine is the Docker engine under test, and the containers started on it.
type engine struct {
	name, socket, version string
	major                 int
	client                *http.Client
	docker                string // path of the docker command; "" if there is none
	ids                   []string
	procs                 processes
}

func openEngine(ctx context.Context, name string) (*engine, error) {
	e := &engine{name: name}
	for _, entry := range strings.Split(os.Getenv("WHARF_TEST_ENGINES"), ",") {
		if rest, ok := strings.CutPrefix(entry, name+"=unix://"); ok {
			e.socket = rest
		}
	}
	if e.socket == "" {
		return nil, fmt.Errorf("no engine %q on a unix socket in WHARF_TEST_ENGINES: use `make bench-stats`", name)
	}
	e.client = &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 256,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", e.socket)
		},
	}}
	e.docker, _ = exec.LookPath("docker")
	var v struct{ Version string }
	if err := e.call(ctx, http.MethodGet, "/version", nil, &v); err != nil {
		return nil, err
	}
	e.version = v.Version
	_, _ = fmt.Sscanf(strings.TrimPrefix(v.Version, "v"), "%d", &e.major)
	if strings.HasPrefix(v.Version, "v2.") || e.major == 0 {
		e.major = 29 // built from the Go module
	}
	var err error
	e.procs, err = engineProcesses(e.socket)
	return e, err
}

func (e *engine) cli() string {
	if e.docker == "" {
		return "no docker command: stream=false of all containers at once stands for docker stats --no-stream"
	}
	return "compared with " + e.docker + " stats"
}

func (e *engine) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// grow starts containers until there are n, four at a time. Most sleep, every tenth works a little.
func (e *engine) grow(ctx context.Context, n int) error {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		first error
	)
	slots := make(chan struct{}, 4)
	for i := len(e.ids); i < n; i++ {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			id, err := e.start(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				first = err
				return
			}
			e.ids = append(e.ids, id)
		})
	}
	wg.Wait()
	return first
}

func (e *engine) start(ctx context.Context, i int) (string, error) {
	cmd := []string{"sleep"}
	if i%10 == 0 {
		cmd = []string{"spin", "1"}
	}
	var made struct{ ID string }
	name := fmt.Sprintf("/containers/create?name=bench-%d-%d", os.Getpid(), i)
	if err := e.call(ctx, http.MethodPost, name, map[string]any{"Image": "wharf-test:latest", "Cmd": cmd}, &made); err != nil {
		return "", err
	}
	return made.ID, e.call(ctx, http.MethodPost, "/containers/"+made.ID+"/start", nil, nil)
}

func (e *engine) removeAll() {
	var wg sync.WaitGroup
	for part := range slices.Chunk(e.ids, max(1, len(e.ids)/4)) {
		wg.Go(func() {
			for _, id := range part {
				_ = e.call(context.Background(), http.MethodDelete, "/containers/"+id+"?force=1", nil, nil)
			}
		})
	}
	wg.Wait()
}

// noStream returns how long `docker stats --no-stream` takes for all containers.
func (e *engine) noStream(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if e.docker != "" {
		out, err := exec.CommandContext(ctx, e.docker, "-H", "unix://"+e.socket, "stats", "--no-stream").CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("docker stats: %w: %s", err, out)
		}
		return time.Since(began), nil
	}
	var wg sync.WaitGroup
	for _, id := range e.ids {
		wg.Go(func() { _ = e.call(ctx, http.MethodGet, "/containers/"+id+"/stats?stream=0", nil, nil) })
	}
	wg.Wait()
	return time.Since(began), nil
}

// one returns how long stream=false takes for one container.
func (e *engine) one(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	err := e.call(ctx, http.MethodGet, "/containers/"+e.ids[0]+"/stats?stream=0", nil, nil)
	return time.Since(began), err
}

// streaming starts a `docker stats` that keeps running, and returns its process.
func (e *engine) streaming(ctx context.Context) (pid int, stop func(), err error) {
	if e.docker == "" {
		return 0, nil, fmt.Errorf("no docker command")
	}
	cmd := exec.CommandContext(ctx, e.docker, "-H", "unix://"+e.socket, "stats")
	cmd.Stdout = io.Discard
	if err := cmd.Start(); err != nil {
		return 0, nil, err
	}
	return cmd.Process.Pid, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}, nil
}
