package benchlogs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv("PLAIN_LOGS"); addr != "" {
		plainHandler(addr)
		return
	}
	if addr := os.Getenv("PLAIN_PROXY"); addr != "" {
		plainProxy(addr)
		return
	}
	os.Exit(benchkit.Main(m, "BENCH_LOGS"))
}

// wharf starts wharf in open mode on SQLite.
func wharf(t testing.TB, hosts string, settings ...string) *benchkit.Process {
	t.Helper()
	return benchkit.Wharf(t, append([]string{"AUTH_MODE=open", "ANON_ROLE=admin", "DOCKER_HOSTS=" + hosts}, settings...)...)
}

// line is a line as a viewer received it.
type line struct {
	ID, Name string
	At       time.Time
	Text     string
	number   int
	got      time.Time
}

// viewer is a client that reconnects with its last id after every break.
type viewer struct {
	url    string
	onLine func(line)
	cancel context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	last     string
	connects int
	gaps     int
}

func view(url string, onLine func(line)) *viewer {
	ctx, cancel := context.WithCancel(context.Background())
	v := &viewer{url: url, onLine: onLine, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(v.done)
		for ctx.Err() == nil {
			_ = v.once(ctx)
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return v
}

func (v *viewer) stop() {
	v.cancel()
	<-v.done
}

func (v *viewer) counts() (connects, gaps int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.connects, v.gaps
}

func (v *viewer) once(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/event-stream")
	if v.last != "" {
		r.Header.Set("Last-Event-ID", v.last)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	v.mu.Lock()
	v.connects++
	v.mu.Unlock()
	return v.frames(resp.Body)
}

func (v *viewer) frames(body io.Reader) error {
	in := bufio.NewReaderSize(body, 64<<10)
	id, event := "", ""
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ": ")
		switch {
		case name == "id":
			id = value
		case name == "event":
			event = value
		case name == "data" && event == "stream-gap":
			v.mu.Lock()
			v.gaps++
			v.mu.Unlock()
		case name == "data" && event == "log":
			l := line{got: time.Now(), number: -1}
			if err := json.Unmarshal([]byte(value), &l); err != nil {
				return err
			}
			if len(l.Text) >= 9 {
				if n, err := strconv.Atoi(l.Text[:9]); err == nil {
					l.number = n
				}
			}
			v.last = id
			v.onLine(l)
		}
	}
}

// engineHTTP returns a client of an engine's own API.
func engineHTTP(e dockertest.Engine) *http.Client {
	path := strings.TrimPrefix(e.Addr, "unix://")
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
}

// rawLogs requests a log from an engine and reads at most most bytes of it, or all if most is 0.
func rawLogs(t testing.TB, c *http.Client, id, query string, most int64) (first, whole time.Duration, size int64) {
	t.Helper()
	began := time.Now()
	resp, err := c.Get("http://engine/containers/" + id + "/logs?stdout=1&stderr=1&timestamps=1&" + query)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return timed(t, began, resp.Body, most)
}

// numbersOf returns the numbers of a container's lines in the engine's log, which has only stdout.
func numbersOf(t testing.TB, c *http.Client, id string) map[int]bool {
	t.Helper()
	resp, err := c.Get("http://engine/containers/" + id + "/logs?stdout=1&tail=all")
	require.NoError(t, err)
	defer resp.Body.Close()
	numbers := map[int]bool{}
	for {
		line, err := frame(resp.Body)
		if errors.Is(err, io.EOF) {
			return numbers
		}
		require.NoError(t, err)
		n, err := strconv.Atoi(string(line[:9]))
		require.NoError(t, err)
		numbers[n] = true
	}
}

// timed reads a body, and returns the time to the first byte and to the end.
func timed(t testing.TB, began time.Time, body io.Reader, most int64) (first, whole time.Duration, size int64) {
	t.Helper()
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if size == 0 && n > 0 {
			first = time.Since(began)
		}
		if size += int64(n); err != nil || most > 0 && size >= most {
			return first, time.Since(began), size
		}
	}
}

// get requests a URL of wharf.
func get(t testing.TB, url, accept string, most int64, headers ...string) (first, whole time.Duration, size int64) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", accept)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	began := time.Now()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return timed(t, began, resp.Body, most)
}

// page requests a page of a log from wharf.
func page(t testing.TB, url string) (lines []line, prev, next string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Lines      []line
			Prev, Next string
		}
	}
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", body)
	require.NoError(t, json.Unmarshal(body, &answer))
	return answer.Data.Lines, answer.Data.Prev, answer.Data.Next
}

// lastLine requests a page of one line, and returns nil if there is none.
func lastLine(url string) []line {
	resp, err := http.Get(url)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var answer struct{ Data struct{ Lines []line } }
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return answer.Data.Lines
}

// awaitLine waits until the engine has the line with that number.
func awaitLine(t testing.TB, base string, number int) {
	t.Helper()
	require.Eventually(t, func() bool {
		lines, _, _ := page(t, base+"?tail=3")
		return slices.ContainsFunc(lines, func(l line) bool { return strings.HasPrefix(l.Text, fmt.Sprintf("%09d ", number)) })
	}, 10*time.Minute, 100*time.Millisecond)
}

// full starts a container and waits for a log of many lines, some of them long.
func full(t testing.TB, w *benchkit.Process, e dockertest.Engine, driver string) (id, base string, lines int) {
	t.Helper()
	lines = benchkit.Size(20_000, 1_000_000)
	id = e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "0", "10000"}, LogDriver: driver, LogOptions: map[string]string{"max-size": "1g"}})
	base = w.URL() + "/v1/hosts/" + e.Name + "/containers/" + id + "/logs"
	awaitLine(t, base, lines-1)
	return id, base, lines
}

// median returns the median of n measurements.
func median(n int, f func() time.Duration) time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = f()
	}
	slices.Sort(all)
	return all[n/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
