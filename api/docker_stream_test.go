package api_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/dockerx/dockertest"
)

// follow opens a stream of Docker's API; the end of the test closes it.
func (w *fixture) follow(t *testing.T, path, token string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// dockerFrame reads one of Docker's frames.
func dockerFrame(r io.Reader) (stream byte, data string, err error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, "", err
	}
	b := make([]byte, binary.BigEndian.Uint32(head[4:]))
	_, err = io.ReadFull(r, b)
	return head[0], string(b), err
}

func TestDockerLogs(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	viewer := w.person("viewer", "viewer")
	id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "1000000", "200", "0", "3"}})
	all := w.follow(t, "/docker/default/containers/"+id+"/logs?follow=1&stdout=1&stderr=1&timestamps=1&tail=all", viewer)
	require.Equal(t, http.StatusOK, all.StatusCode)
	require.Equal(t, "application/vnd.docker.multiplexed-stream", all.Header.Get("Content-Type"))
	next := map[byte]int{1: 0, 2: 2} // an engine reads the two streams independently
	for range 400 {                  // past and new lines: none is lost or repeated between them
		stream, line, err := dockerFrame(all.Body)
		require.NoError(t, err)
		at, text, _ := strings.Cut(line, " ")
		_, err = time.Parse(time.RFC3339Nano, at)
		require.NoError(t, err)
		require.Len(t, at, len("2006-01-02T15:04:05.000000000Z"))
		require.True(t, strings.HasPrefix(text, fmt.Sprintf("%09d x", next[stream])), "%d of %d: %s", next[stream], stream, line)
		if next[stream]++; stream == 2 || next[stream]%3 == 2 {
			next[stream] += int(stream)
		}
	}
	errs := w.call("GET", "/docker/default/containers/"+id+"/logs?stderr=1&tail=10", viewer, nil)
	require.Equal(t, http.StatusOK, errs.status)
	reader := strings.NewReader(errs.body)
	stream, _, err := dockerFrame(reader)
	require.NoError(t, err)
	require.EqualValues(t, 2, stream)
	require.Equal(t, http.StatusBadRequest, w.call("GET", "/docker/default/containers/"+id+"/logs", viewer, nil).status, "no stream is chosen")

	e.Stop(t, id)
	_, err = io.Copy(io.Discard, all.Body)
	require.NoError(t, err, "the log ends in order when its container does")

	tty := e.Run(t, dockertest.Spec{TTY: true, Cmd: []string{"log", "as it is"}})
	require.Eventually(t, func() bool {
		return w.call("GET", "/docker/default/containers/"+tty+"/logs?stdout=1", viewer, nil).body == "as it is\r\n"
	}, waitLimit, waitTick)
}

// Streams of Docker's API end with the caller's session, count toward its user's limit, and are refused with Docker's error.
func TestDockerStreamsEndAndCount(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}), func(o *api.Options) { o.StreamsPerUser = 3 })
	id := e.Run(t, dockertest.Spec{})
	w.person("hong", "viewer")
	hong := w.login("hong", "password-of-hong")
	open := map[string]*http.Response{}
	for _, path := range []string{"/events", "/containers/" + id + "/logs?follow=1&stdout=1", "/containers/" + id + "/stats"} {
		open[path] = w.follow(t, "/docker/default"+path, hong.access)
		require.Equal(t, http.StatusOK, open[path].StatusCode)
	}
	refused := w.call("GET", "/docker/default/events", hong.access, nil)
	require.Equal(t, http.StatusTooManyRequests, refused.status)
	refused.dockerMessage(t)
	samples := bufio.NewReader(open["/containers/"+id+"/stats"].Body)
	for range 2 {
		var s struct {
			ID     string
			Read   time.Time
			Memory struct{ Usage uint64 } `json:"memory_stats"`
		}
		for { // heartbeats are empty lines
			line, err := samples.ReadString('\n')
			require.NoError(t, err)
			if strings.TrimSpace(line) != "" {
				require.NoError(t, json.Unmarshal([]byte(line), &s))
				break
			}
		}
		require.Equal(t, id, s.ID)
		require.NotZero(t, s.Memory.Usage)
	}
	w.call("POST", "/logout", "", map[string]string{"refresh_token": hong.refresh})
	for path, resp := range open {
		_, err := io.Copy(io.Discard, resp.Body)
		require.NoError(t, err, path)
	}
}

func TestDockerCommandFollows(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	for _, path := range dockerCLIs(t) {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			t.Parallel()
			d := w.docker(t, path, "default", w.admin)
			id := e.Run(t, dockertest.Spec{Cmd: []string{"log", "tick", "20ms"}})
			logs := d.command("logs", "-f", id)
			out, err := logs.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, logs.Start())
			lines := bufio.NewScanner(out)
			for range 20 {
				require.True(t, lines.Scan())
				require.Equal(t, "tick", lines.Text())
			}
			stats := d.command("stats", id)
			out, err = stats.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, stats.Start())
			seen := bufio.NewReader(out)
			for range 2 {
				_, err = seen.ReadString('%')
				require.NoError(t, err)
			}
			require.NoError(t, stats.Process.Kill())
			_ = stats.Wait()

			events := d.command("events", "--since", "1h", "--filter", "container="+id, "--format", "{{.Action}}")
			out, err = events.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, events.Start())
			actions := bufio.NewScanner(out)
			next := func() string {
				require.True(t, actions.Scan())
				return actions.Text()
			}
			require.Equal(t, "create", next(), "from wharf's log")
			require.Equal(t, "start", next())
			d.run("kill", "-s", "TERM", id)
			require.Equal(t, "kill", next())
			require.Equal(t, "die", next())
			require.NoError(t, events.Process.Kill())
			_ = events.Wait()
			for lines.Scan() { // read to the end
				require.Equal(t, "tick", lines.Text())
			}
			require.NoError(t, logs.Wait(), "logs -f ends with its container")
		})
	}
}

// A terminal through the typed tier, in a real pseudo terminal: input, size, exit code, audit.
func TestDockerCommandOpensATerminal(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	w.person("hong", "none")
	var g struct{ ID string }
	w.post("/v1/grants", map[string]any{"username": "hong", "hosts": "*", "labels": "team=web", "role": "viewer", "exec": true}).data(t, &g)
	id := e.Run(t, dockertest.Spec{Labels: map[string]string{"team": "web"}})
	for i, path := range dockerCLIs(t) {
		hong := w.login("hong", "password-of-hong")
		d := w.docker(t, path, "default", hong.access)
		shell := d.command("exec", "-it", id, "/app", "winsize")
		script := exec.CommandContext(t.Context(), "script", "-qefc", "stty rows 33 cols 77; "+quoted(shell.Args), "/dev/null")
		script.Env = shell.Env
		in, err := script.StdinPipe()
		require.NoError(t, err)
		out, err := script.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, script.Start())
		screen := bufio.NewReader(out)
		for line := ""; !strings.Contains(line, "77 x 33"); {
			line, err = screen.ReadString('\n')
			require.NoError(t, err, "%s: %s", path, line)
		}
		require.Contains(t, w.get("/v1/terminals").body, id)
		if i == 0 { // the first ends with its input, the other with its session
			_, err = in.Write([]byte{4})
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, screen)
			require.NoError(t, script.Wait())
			continue
		}
		w.call("POST", "/logout", "", map[string]string{"refresh_token": hong.refresh})
		_, _ = io.Copy(io.Discard, screen)
		require.Error(t, script.Wait(), "a terminal that was ended has no good exit code")
	}
	require.Eventually(t, func() bool { return !strings.Contains(w.get("/v1/terminals").body, id) }, waitLimit, waitTick)
	audit := w.get("/v1/audit?limit=100").body
	require.Contains(t, audit, `"action":"container.exec"`)
	require.Contains(t, audit, `"action":"container.terminal"`)
	require.Contains(t, audit, "/app winsize")
}

func quoted(args []string) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}
