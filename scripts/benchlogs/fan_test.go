package benchlogs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
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

// connectAndTakeNothing requests a stream and reads nothing of it.
func connectAndTakeNothing(t testing.TB, addr, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n", path)
	require.NoError(t, err)
	return c
}

// latencies collects how long lines took to reach viewers.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) p50() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	return l.all[len(l.all)/2]
}

// The latency that wharf adds to a line, compared with a client that reads from the engine directly.
func TestLatency(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	must := map[int]time.Duration{1: 2 * time.Millisecond, 100: 4 * time.Millisecond, 500: 20 * time.Millisecond}
	for _, viewers := range []int{1, benchkit.Size(10, 100), benchkit.Size(40, 500)} {
		id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(benchkit.Size(50, 400)), "50"}, Created: true, LogDriver: "json-file"})
		var added latencies
		url := w.URL() + "/v1/hosts/" + e.Name + "/containers/" + id + "/logs?follow=true&tail=all"
		var all []*viewer
		var got sync.WaitGroup
		got.Add(viewers)
		for range viewers {
			var once sync.Once
			all = append(all, view(url, func(l line) {
				added.mu.Lock()
				added.all = append(added.all, l.got.Sub(l.At))
				added.mu.Unlock()
				if l.number == benchkit.Size(50, 400)-1 {
					once.Do(got.Done)
				}
			}))
		}
		require.Eventually(t, func() bool {
			for _, v := range all {
				if n, _ := v.counts(); n == 0 {
					return false
				}
			}
			return true
		}, time.Minute, 10*time.Millisecond)
		e.Start(t, id)
		direct := directLatency(t, e, id, benchkit.Size(50, 400)-1)
		got.Wait()
		for _, v := range all {
			v.stop()
		}
		seen := added.p50() - direct
		benchkit.Figure(fmt.Sprintf("added latency following, %d viewers, p50", viewers), "≤ "+ms(must[viewers]), "%s (%s, the engine's own stream %s)", ms(seen), ms(added.p50()), ms(direct))
	}
}

// directLatency follows the engine's own stream up to the line last, and measures the lines written meanwhile.
func directLatency(t *testing.T, e dockertest.Engine, id string, last int) time.Duration {
	t.Helper()
	resp, err := engineHTTP(e).Get("http://engine/containers/" + id + "/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=all")
	require.NoError(t, err)
	defer resp.Body.Close()
	began := time.Now()
	end := fmt.Sprintf(" %09d ", last)
	var l latencies
	for ended := false; !ended; {
		payload, err := frame(resp.Body)
		require.NoError(t, err)
		got := time.Now()
		at, err := time.Parse(time.RFC3339Nano, string(payload[:30]))
		require.NoError(t, err)
		if at.After(began) {
			l.all = append(l.all, got.Sub(at))
		}
		ended = bytes.Contains(payload, []byte(end))
	}
	return l.p50()
}

func frame(r io.Reader) ([]byte, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[4:]))
	_, err := io.ReadFull(r, payload)
	return payload, err
}

// plainHandler is the reference: a handler in its simplest form. For each viewer it follows the engine, and decodes, marshals and
// flushes line by line.
func plainHandler(addr string) {
	path := os.Getenv("PLAIN_LOGS_SOURCE")
	engine := engineHTTP(dockertest.Engine{Addr: "unix://" + path})
	http.HandleFunc("/logs/", func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/logs/")
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://engine/containers/"+id+"/logs?stdout=1&stderr=1&timestamps=1&follow=1&tail=all", nil)
		resp, err := engine.Do(req)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		in := bufio.NewReader(resp.Body)
		for {
			payload, err := frame(in)
			if err != nil {
				return
			}
			at, text, _ := strings.Cut(string(payload), " ")
			data, _ := json.Marshal(map[string]string{"host": "h", "id": id, "name": "c", "at": at, "stream": "stdout", "text": strings.TrimSuffix(text, "\n"), "level": ""})
			_, _ = fmt.Fprintf(w, "id: %s\nevent: log\ndata: %s\n\n", at, data)
			w.(http.Flusher).Flush()
		}
	})
	panic(http.ListenAndServe(addr, nil))
}

func TestManyViewersOfOneContainer(t *testing.T) {
	benchkit.Parallel(t)
	viewers, lines := benchkit.Size(40, 500), benchkit.Size(100, 1_000)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	cost, memory, upstreams := fan(t, w, e, viewers, lines, func(id string) string {
		return w.URL() + "/v1/hosts/" + e.Name + "/containers/" + id + "/logs?follow=true&tail=all"
	})
	self, err := os.Executable()
	require.NoError(t, err)
	plain := benchkit.Run(t, self, func(p *benchkit.Process) []string {
		return []string{"PLAIN_LOGS=" + p.Addr, "PLAIN_LOGS_SOURCE=" + strings.TrimPrefix(e.Addr, "unix://")}
	})
	plainCost, plainMemory, plainUpstreams := fan(t, plain, e, viewers, lines, func(id string) string { return plain.URL() + "/logs/" + id })
	benchkit.Figure(fmt.Sprintf("%d viewers of one container", viewers), "1 upstream; ≤ 12 KiB each; ≤ 0.65× the CPU per line of a plain handler",
		"%d upstream; %.1f KiB each; %.2f× (%.1f µs a line and viewer; the plain one %.1f µs, %.1f KiB, %d upstreams)",
		upstreams, memory, cost.Seconds()/plainCost.Seconds(), float64(cost.Nanoseconds())/1e3, float64(plainCost.Nanoseconds())/1e3, plainMemory, plainUpstreams)
	require.Equal(t, 1, upstreams)
	benchkit.Within(t, memory <= 12, "memory of a viewer")
	benchkit.Within(t, cost.Seconds() <= 0.65*plainCost.Seconds(), "CPU of a line")
}

// fan measures a server's CPU time per line and viewer, and its memory per viewer in KiB.
func fan(t *testing.T, p *benchkit.Process, e dockertest.Engine, viewers, lines int, url func(id string) string) (cost time.Duration, memory float64, upstreams int) {
	t.Helper()
	id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "100"}, Created: true, LogDriver: "json-file"})
	keep := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "10", "1"}, LogDriver: "json-file"}) // a warm-up
	warm := view(url(keep), func(line) {})
	defer warm.stop()
	e.Start(t, id)
	time.Sleep(200 * time.Millisecond)
	before := p.Resident("RssAnon") // without the program's text, whose pages are read while it runs
	conns := make([]net.Conn, viewers)
	var reading sync.WaitGroup
	for i := range conns {
		host, path, _ := strings.Cut(strings.TrimPrefix(url(id), "http://"), "/")
		conns[i] = connectAndTakeNothing(t, host, "/"+path)
		reading.Go(func() { countLines(conns[i], lines) })
		time.Sleep(5 * time.Millisecond) // one after the other: otherwise mostly the garbage of five hundred starting handlers is measured
	}
	began := p.CPU()
	upstreams = viewers // a plain handler keeps one per viewer; wharf's that read the past for a viewer end
	for range 50 {
		time.Sleep(100 * time.Millisecond)
		upstreams = min(upstreams, engineFollowers(e, id))
	}
	reading.Wait()
	cost = (p.CPU() - began) / time.Duration(viewers*lines)
	memory = float64(p.Resident("RssAnon")-before) / 1024 / float64(viewers)
	for _, c := range conns {
		_ = c.Close()
	}
	return cost, memory, upstreams
}

// countLines reads until that many lines have arrived.
func countLines(c net.Conn, lines int) {
	in := bufio.NewReaderSize(c, 4<<10)
	for n := 0; n < lines; {
		text, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		if strings.HasPrefix(string(text), "data: ") && strings.Contains(string(text), `"text"`) {
			n++
		}
	}
}

// engineFollowers counts how often the engine has a container's log open, except for writing.
func engineFollowers(e dockertest.Engine, id string) int {
	n := -1
	dir := strings.TrimSuffix(strings.TrimPrefix(e.Addr, "unix://"), "/docker.sock")
	pid, err := os.ReadFile(dir + "/pid")
	if err != nil {
		return n
	}
	files := "/proc/" + strings.TrimSpace(string(pid)) + "/fd"
	entries, _ := os.ReadDir(files)
	for _, entry := range entries {
		link, _ := os.Readlink(files + "/" + entry.Name())
		if strings.HasSuffix(link, id+"-json.log") {
			n++
		}
	}
	return n
}
