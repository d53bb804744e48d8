package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/api/logs"
	"wharf/dockerx/dockertest"
)

// logPage requests a page of logs.
func (w *fixture) logPage(path string) dto.LogPage {
	w.t.Helper()
	a := w.get(path)
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	var page struct{ Data dto.LogPage }
	require.NoError(w.t, json.Unmarshal([]byte(a.body), &page))
	return page.Data
}

// numbersOf returns the numbers at the beginning of the lines that the app writes.
func numbersOf(t *testing.T, lines []dto.LogLine) []int {
	t.Helper()
	all := make([]int, len(lines))
	for i, l := range lines {
		n, err := strconv.Atoi(l.Text[:9])
		require.NoError(t, err)
		all[i] = n
	}
	return all
}

func sequence(from, to int) []int {
	all := make([]int, 0, to-from)
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

// logged runs a container that writes numbered lines, and waits until its engine has them all.
func (w *fixture) logged(e dockertest.Engine, lines int, s dockertest.Spec) (id, path string) {
	w.t.Helper()
	s.Cmd = append([]string{"lines", strconv.Itoa(lines)}, s.Cmd...)
	id = e.Run(w.t, s)
	path = "/v1/hosts/" + e.Name + "/containers/" + id + "/logs"
	require.Eventually(w.t, func() bool {
		page := w.logPage(path + "?tail=1")
		return len(page.Lines) == 1 && strings.HasPrefix(page.Lines[0].Text, fmt.Sprintf("%09d", lines-1))
	}, time.Minute, 20*time.Millisecond)
	return id, path
}

func TestAPageOfALogLeadsToThosePagesBesideIt(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	_, path := w.logged(e, 3000, dockertest.Spec{})
	page := w.logPage(path)
	require.Equal(t, sequence(2500, 3000), numbersOf(t, page.Lines))
	var all []int
	for older := page; ; {
		all = append(numbersOf(t, older.Lines), all...)
		if older.Prev == "" {
			break
		}
		older = w.logPage(path + "?limit=700&cursor=" + url.QueryEscape(older.Prev))
	}
	require.Equal(t, sequence(0, 3000), all, "the pages before it have each line once")

	first := w.logPage(path + "?tail=all&limit=10000")
	require.Len(t, first.Lines, 3000)
	middle := w.logPage(path + "?limit=100&since=" + first.Lines[1000].At.Format(time.RFC3339Nano))
	require.Equal(t, sequence(1000, 1100), numbersOf(t, middle.Lines))
	after := w.logPage(path + "?limit=100&cursor=" + middle.Next)
	require.Equal(t, sequence(1100, 1200), numbersOf(t, after.Lines))
	before := w.logPage(path + "?limit=100&cursor=" + after.Prev)
	require.Equal(t, sequence(1000, 1100), numbersOf(t, before.Lines))
}

func TestALogStreamResumesExactly(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "600", "400"}})
	path := "/v1/hosts/" + e.Name + "/containers/" + id + "/logs?follow=true&tail=all"
	next, last := 0, ""
	for next < 600 {
		l := w.listen(path, w.admin, func(r *http.Request) {
			if last != "" {
				r.Header.Set("Last-Event-ID", last)
			}
		})
		for until := next + 97; next < min(until, 600); {
			f := l.next()
			if f.event != "log" {
				require.Equal(t, "log-hosts", f.event, f.data)
				continue
			}
			var line dto.LogLine
			require.NoError(t, json.Unmarshal([]byte(f.data), &line), f.data)
			require.Equal(t, fmt.Sprintf("%09d", next), line.Text[:9])
			next, last = next+1, f.id
		}
		l.stop()
	}
}

func TestLogsOfManyContainersAreMergedByTime(t *testing.T) {
	t.Parallel()
	engines := dockertest.Engines(t)
	w := setup(t, engineHosts(engines))
	label := "wharf.logs=" + t.Name()
	for i := range 6 {
		w.logged(engines[i%len(engines)], 200, dockertest.Spec{
			Cmd: []string{"2000"}, Labels: map[string]string{"wharf.logs": t.Name()}, LogDriver: []string{"json-file", "local"}[i%2],
		})
	}
	page := w.logPage("/v1/logs?tail=200&limit=5000&label=" + url.QueryEscape(label))
	require.Len(t, page.Lines, 1200)
	require.Len(t, page.Containers, 6)
	byContainer := map[string]int{}
	for i, l := range page.Lines {
		if i > 0 {
			require.False(t, l.At.Before(page.Lines[i-1].At))
		}
		require.Equal(t, fmt.Sprintf("%09d", byContainer[l.ID]), l.Text[:9])
		byContainer[l.ID]++
	}

	// A stream that is cut off after each hundred lines has the same lines.
	l, last := w.listen("/v1/logs?follow=true&tail=200&label="+url.QueryEscape(label), w.admin), ""
	for i := range 1200 {
		if i%100 == 99 {
			l.stop()
			l = w.listen("/v1/logs?follow=true&label="+url.QueryEscape(label), w.admin, func(r *http.Request) { r.Header.Set("Last-Event-ID", last) })
		}
		f := l.next()
		for f.event != "log" {
			f = l.next()
		}
		var line dto.LogLine
		require.NoError(t, json.Unmarshal([]byte(f.data), &line))
		require.Equal(t, page.Lines[i], line, "line %d", i)
		last = f.id
	}
}

func TestASearchFindsTheNewestLinesFirst(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	for _, driver := range []string{"json-file", "local"} {
		_, path := w.logged(e, 30_000, dockertest.Spec{LogDriver: driver})
		page := w.logPage(path + "?limit=7&regex=true&grep=" + url.QueryEscape(`^0000\d+77 `))
		require.Equal(t, []int{29_977, 29_877, 29_777, 29_677, 29_577, 29_477, 29_377}, numbersOf(t, page.Lines))
		require.False(t, *page.Complete)
		next := w.logPage(path + "?limit=10000&regex=true&grep=" + url.QueryEscape(`^0000\d+77 `) + "&cursor=" + page.Prev)
		require.Len(t, next.Lines, 293)
		require.Equal(t, 29_277, numbersOf(t, next.Lines)[0])
		require.True(t, *next.Complete)
		hit := w.logPage(path + "?context=2&grep=000012345").Lines
		require.Len(t, hit, 1)
		require.Equal(t, "000012343", hit[0].Before[0].Text[:9])
		require.Equal(t, "000012347", hit[0].After[1].Text[:9])
	}
}

func TestAFollowedLogGoesOnInTheContainerOfTheSameName(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	name := strings.ToLower(t.Name())
	id := e.Run(t, dockertest.Spec{Name: name, Cmd: []string{"lines", "5"}})
	l := w.listen("/v1/logs?follow=true&events=true&tail=all&host="+e.Name+"&name="+name, w.admin)
	l.await("000000004")
	e.Remove(t, id)
	l.await(`"action":"destroy"`)
	id = e.Run(t, dockertest.Spec{Name: name, Cmd: []string{"lines", "5"}})
	for n := range 5 {
		require.Contains(t, l.await(fmt.Sprintf("%09d", n)).data, id)
	}
}

func TestBadLogRequestsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	id := d.Add(dockertest.Container{Log: []string{"level=warn x", "[ERROR] y", "plain \x1b[31mred\x1b[0m"}})
	path := "/v1/hosts/119server/containers/" + id + "/logs"
	for query, want := range map[string]string{
		"tail=-1": "tail", "tail=x": "tail", "cursor=nonsense": "cursor", "regex=true&grep=(": "grep", "context=3": "context",
		"follow=true": "follow", "events=true": "events", "invert=true": "invert", "level=loud": "level", "limit=0": "limit",
		"since=yesterday": "since", "unknown=1": "unknown", "grep=a&grep=b": "grep", "regex=true&grep=" + url.QueryEscape("((a{100}){100}){100}"): "grep",
	} {
		a := w.get(path + "?" + query)
		require.Equal(t, http.StatusBadRequest, a.status, query)
		require.Contains(t, a.message(t), want)
	}
	page := w.logPage(path + "?ansi=false")
	require.Len(t, page.Lines, 3)
	require.Equal(t, []string{"warn", "error", ""}, []string{page.Lines[0].Level, page.Lines[1].Level, page.Lines[2].Level})
	require.Equal(t, "plain red", page.Lines[2].Text)
	require.Len(t, w.logPage(path+"?level=error").Lines, 1)
	require.Len(t, w.logPage(path+"?grep=y&invert=true").Lines, 2)
}

// No other cursor may begin with OlderPrefix: while it was a dash, one in 64 containers' cursors did, and was read as an older one.
func TestCursorsOfOlderLinesAreToldApart(t *testing.T) {
	t.Parallel()
	for b := range 256 {
		require.NotContains(t, base64.RawURLEncoding.EncodeToString([]byte{byte(b), byte(b), byte(b)}), logs.OlderPrefix)
	}
}
