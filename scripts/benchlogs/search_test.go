package benchlogs

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
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

func TestSearch(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	asks := wharf(t, e.Name+"="+e.Addr, "LOGS_SOURCE=engine")
	reads := wharf(t, e.Name+"="+e.Addr, "LOGS_SOURCE=files")
	engine := engineHTTP(e)
	for _, driver := range []string{"json-file", "local"} {
		id, base, lines := full(t, asks, e, driver)
		needle := fmt.Sprintf("%09d", lines/3)
		url := base + "?deadline=2m&grep=" + needle
		var raw, asked time.Duration
		for range benchkit.Size(1, 2) {
			_, whole, _ := rawLogs(t, engine, id, "tail=all", 0)
			_, searched, _ := get(t, url, "application/x-ndjson", 0)
			raw, asked = raw+whole, asked+searched
		}
		benchkit.Figure(fmt.Sprintf("search of %d lines, engine, %s", lines, driver), "≤ 1.1× the engine's raw read", "%.2f× (%.2f s; %.2f s)",
			asked.Seconds()/raw.Seconds(), asked.Seconds(), raw.Seconds())
		if driver != "json-file" {
			continue
		}
		began := time.Now()
		out, err := exec.Command("sh", "-c", "docker -H "+e.Addr+" logs "+id+" 2>&1 | grep -c "+needle).Output()
		require.NoError(t, err)
		require.Equal(t, "1", strings.TrimSpace(string(out)))
		cli := time.Since(began)
		files := median(benchkit.Size(1, 3), func() time.Duration {
			_, whole, _ := get(t, strings.Replace(url, asks.Addr, reads.Addr, 1), "application/x-ndjson", 0)
			return whole
		})
		found, _, _ := page(t, strings.Replace(url, asks.Addr, reads.Addr, 1))
		require.Len(t, found, 1)
		benchkit.Figure(fmt.Sprintf("search of %d lines, files", lines), "≥ 8× faster than docker logs | grep", "%.0f× (%s; %.2f s)", cli.Seconds()/files.Seconds(), ms(files), cli.Seconds())
	}
}

func TestSearchOfManyContainers(t *testing.T) {
	benchkit.Parallel(t)
	engines := dockertest.Engines(t)
	var hosts []string
	for _, e := range engines[:2] { // the third requires certificates
		hosts = append(hosts, e.Name+"="+e.Addr)
	}
	third := dockertest.NewOwnEngine(t)
	hosts = append(hosts, third.Name+"="+third.Addr)
	all := append(slices.Clone(engines[:2]), third.Engine)
	w := wharf(t, strings.Join(hosts, ","), "LOGS_SOURCE=engine")
	containers, lines := benchkit.Size(4, 50), benchkit.Size(1_000, 20_000)
	ids := make([][]string, len(all))
	for i := range containers {
		e := all[i%len(all)]
		ids[i%len(all)] = append(ids[i%len(all)], e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines)}, Name: "search-" + strconv.Itoa(i), LogDriver: "json-file"}))
	}
	for i, e := range all {
		for _, id := range ids[i] {
			awaitLine(t, w.URL()+"/v1/hosts/"+e.Name+"/containers/"+id+"/logs", lines-1)
		}
	}
	slowest := slowestRaw(t, all, ids)
	began := time.Now()
	r, err := http.NewRequest(http.MethodGet, w.URL()+"/v1/logs?name=search-&limit=10000&deadline=2m&grep=777+", nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	first, hits := time.Duration(0), 0
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, 4<<20)
	for in.Scan() {
		if strings.Contains(in.Text(), `"text"`) {
			if hits++; hits == 1 {
				first = time.Since(began)
			}
		}
	}
	wall := time.Since(began)
	require.Equal(t, containers*lines/1000, hits)
	benchkit.Figure(fmt.Sprintf("search over %d containers on 3 engines", containers), "first hit ≤ 200 ms; wall ≤ 1.3× the slowest engine's own",
		"%s; %.2f× (%.2f s; %.2f s), %d hits", ms(first), wall.Seconds()/slowest.Seconds(), wall.Seconds(), slowest.Seconds(), hits)
}

// slowestRaw reads all logs from all engines, four at a time from each, and returns how long the slowest engine took.
func slowestRaw(t *testing.T, engines []dockertest.Engine, ids [][]string) time.Duration {
	t.Helper()
	var mu sync.Mutex
	var slowest time.Duration
	var reading sync.WaitGroup
	began := time.Now()
	for i, e := range engines {
		reading.Go(func() {
			slots := make(chan struct{}, 4)
			var each sync.WaitGroup
			for _, id := range ids[i] {
				slots <- struct{}{}
				each.Go(func() {
					defer func() { <-slots }()
					rawLogs(t, engineHTTP(e), id, "tail=all", 0)
				})
			}
			each.Wait()
			mu.Lock()
			defer mu.Unlock()
			slowest = max(slowest, time.Since(began))
		})
	}
	reading.Wait()
	return slowest
}

func TestMerge(t *testing.T) {
	benchkit.Parallel(t)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	containers, lines := benchkit.Size(5, 20), benchkit.Size(500, 5_000)
	rate := benchkit.Size(500, 1_000)
	seen := make(map[string]*watched, containers)
	var ids []string
	for i := range containers {
		id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), strconv.Itoa(rate)}, Name: "merge-" + strconv.Itoa(i), Created: true, LogDriver: "json-file"})
		ids, seen[id] = append(ids, id), &watched{}
	}
	var last time.Time
	var back int
	var added latencies
	var mu sync.Mutex
	v := view(w.URL()+"/v1/logs?name=merge-&follow=true&tail=all", func(l line) {
		seen[l.ID].see(l)
		mu.Lock()
		defer mu.Unlock()
		if l.At.Before(last) {
			back++
		}
		last = l.At
		added.all = append(added.all, l.got.Sub(l.At))
	})
	defer v.stop()
	require.Eventually(t, func() bool { n, _ := v.counts(); return n > 0 }, time.Minute, 10*time.Millisecond)
	for _, id := range ids {
		e.Start(t, id)
	}
	all := make([]*watched, 0, containers)
	for _, s := range seen {
		all = append(all, s)
	}
	awaitAll(t, all, lines)
	lost, twice, _ := total(all)
	mu.Lock()
	defer mu.Unlock()
	benchkit.Figure(fmt.Sprintf("merge of %d containers × %d lines/s", containers, rate), "in order by time, nothing lost, added p50 ≤ 250 ms",
		"%d of %d lines back in time, %d lost, %d twice, p50 %s", back, containers*lines, lost, twice, ms(added.p50()))
	require.Zero(t, lost+twice)
}
