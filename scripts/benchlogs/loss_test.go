package benchlogs

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// lineRange is a range of line numbers, first to last.
type lineRange struct{ first, last int }

// watched counts the numbered lines that a viewer sees.
type watched struct {
	mu                sync.Mutex
	next              int
	lost, twice, back int
	holes             []lineRange // the lines that were missed
	last              time.Time
}

func (s *watched) see(l line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = l.got
	switch {
	case l.number == s.next:
		s.next++
	case l.number > s.next:
		s.lost += l.number - s.next
		s.holes = append(s.holes, lineRange{s.next, l.number - 1})
		s.next = l.number + 1
	case l.number == s.next-1:
		s.twice++
	default:
		s.back++
	}
}

// missed reports whether a line was skipped: later ones came.
func (s *watched) missed(number int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.holes, func(h lineRange) bool { return h.first <= number && number <= h.last })
}

func (s *watched) counts() (next, lost, twice, back int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next, s.lost, s.twice, s.back
}

// awaitAll waits until each viewer has seen the last line.
func awaitAll(t testing.TB, all []*watched, lines int) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, s := range all {
			if next, _, _, _ := s.counts(); next < lines {
				return false
			}
		}
		return true
	}, 5*time.Minute, 10*time.Millisecond)
}

func total(all []*watched) (lost, twice, back int) {
	for _, s := range all {
		_, l, tw, b := s.counts()
		lost, twice, back = lost+l, twice+tw, back+b
	}
	return lost, twice, back
}

func TestCutsAndRotation(t *testing.T) {
	benchkit.Parallel(t)
	lines, cuts := benchkit.Size(3_000, 60_000), benchkit.Size(15, 300)
	for _, driver := range []string{"json-file", "local"} {
		e := dockertest.DefaultEngine(t)
		relay := dockertest.NewProxy(t, "unix", strings.TrimPrefix(e.Addr, "unix://"))
		w := wharf(t, e.Name+"=tcp://"+relay.Addr())
		id := e.Run(t, dockertest.Spec{
			Cmd: []string{"lines", strconv.Itoa(lines), "20000", "1000"}, Created: true, LogDriver: driver,
			LogOptions: map[string]string{"max-size": "20k", "max-file": "1000", "compress": "false"},
		})
		all := make([]*watched, 20)
		gaps := 0
		var viewers []*viewer
		for i := range all {
			all[i] = &watched{}
			viewers = append(viewers, view(w.URL()+"/v1/hosts/"+e.Name+"/containers/"+id+"/logs?follow=true&tail=all", all[i].see))
		}
		began := time.Now()
		e.Start(t, id)
		made := 0
		for next := 0; next < lines; next, _, _, _ = all[0].counts() {
			if made < cuts && next >= made*lines/cuts {
				relay.Cut()
				made++
			}
			time.Sleep(time.Millisecond)
			if time.Since(began) > time.Minute {
				w.End(syscall.SIGQUIT)
				require.Fail(t, "no more lines come", "%s: %d\n%s", driver, next, w.Log())
			}
		}
		awaitAll(t, all, lines)
		wall := time.Since(began)
		for _, v := range viewers {
			_, n := v.counts()
			gaps += n
			v.stop()
		}
		lost, twice, back := total(all)
		benchkit.Figure(strconv.Itoa(lines)+" lines, 20 viewers, "+strconv.Itoa(cuts)+" cuts, files of 20 kB, "+driver, "0 lost, 0 twice, in order",
			"%d lost, %d twice, %d out of order, %d gaps, %d cuts, %.1f s", lost, twice, back, gaps, made, wall.Seconds())
		for i, s := range all {
			if len(s.holes) > 0 {
				connects, _ := viewers[i].counts()
				t.Logf("viewer %d, connected %d times, lacks %v", i, connects, s.holes)
			}
		}
		require.Zero(t, twice+back)
		if gaps == 0 {
			require.Zero(t, lost)
		}
	}
}

func TestKills(t *testing.T) {
	benchkit.Parallel(t)
	lines, kills := benchkit.Size(4_000, 40_000), benchkit.Size(3, 20)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "2000", "1000"}, LogDriver: "json-file"})
	s := &watched{}
	v := view(w.URL()+"/v1/hosts/"+e.Name+"/containers/"+id+"/logs?follow=true&tail=all", s.see)
	defer v.stop()
	for k := range kills {
		for next := 0; next < (k+1)*lines/(kills+1); next, _, _, _ = s.counts() {
			time.Sleep(time.Millisecond)
		}
		w.Kill()
		w.Start()
	}
	awaitAll(t, []*watched{s}, lines)
	_, lost, twice, back := s.counts()
	_, gaps := v.counts()
	benchkit.Figure("wharf killed "+strconv.Itoa(kills)+" times while following", "0 lost, 0 twice, or inside a gap",
		"%d lost, %d twice, %d out of order, %d gaps", lost, twice, back, gaps)
	require.Zero(t, twice+back)
	require.True(t, lost == 0 || gaps > 0)
}

func TestEngineRestarts(t *testing.T) {
	benchkit.Parallel(t)
	own := dockertest.NewOwnEngine(t)
	w := wharf(t, own.Name+"="+own.Addr)
	for name, end := range map[string]func(testing.TB){"SIGTERM": own.StopEngine, "SIGKILL": own.KillEngine} {
		lines := 3_000
		id := own.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "1000"}, LogDriver: "json-file"})
		s := &watched{}
		v := view(w.URL()+"/v1/hosts/"+own.Name+"/containers/"+id+"/logs?follow=true&tail=all", s.see)
		for next := 0; next < 1000; next, _, _, _ = s.counts() {
			time.Sleep(time.Millisecond)
		}
		end(t)
		own.StartEngine(t)
		// A line that the container wrote while no engine read it isn't counted: only lines that the engine has are.
		var last int
		require.Eventually(t, func() bool {
			got := lastLine(w.URL() + "/v1/hosts/" + own.Name + "/containers/" + id + "/logs?tail=1")
			if len(got) == 0 {
				return false
			}
			n, err := strconv.Atoi(got[0].Text[:9])
			same := err == nil && n == last
			last = n
			next, _, _, _ := s.counts()
			return same && next == last+1
		}, time.Minute, 300*time.Millisecond)
		_, _, twice, back := s.counts()
		_, gaps := v.counts()
		v.stop()
		lost := 0 // only lines that the engine has: when killed, it loses lines that it has read but not written yet
		for n := range numbersOf(t, engineHTTP(own.Engine), id) {
			if s.missed(n) {
				lost++
			}
		}
		benchkit.Figure("engine ended by "+name+" while followed", "0 lost, 0 twice, or inside a gap", "%d lost, %d twice, %d out of order, %d gaps", lost, twice, back, gaps)
		require.Zero(t, twice+back)
		require.True(t, lost == 0 || gaps > 0, "missed: %v, of which the engine has %d", s.holes, lost)
	}
}

func TestAViewerThatTakesNothing(t *testing.T) {
	benchkit.Parallel(t)
	lines := benchkit.Size(6_000, 200_000)
	e := dockertest.DefaultEngine(t)
	w := wharf(t, e.Name+"="+e.Addr)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "10000"}, Created: true, LogDriver: "json-file"})
	url := w.URL() + "/v1/hosts/" + e.Name + "/containers/" + id + "/logs?follow=true&tail=all"
	stuck := connectAndTakeNothing(t, w.Addr, "/v1/hosts/"+e.Name+"/containers/"+id+"/logs?follow=true&tail=all")
	defer stuck.Close()
	all := make([]*watched, 19)
	var viewers []*viewer
	for i := range all {
		all[i] = &watched{}
		viewers = append(viewers, view(url, all[i].see))
	}
	w.ResetPeak()
	before := w.Resident("VmRSS")
	e.Start(t, id)
	awaitAll(t, all, lines)
	grown := w.Resident("VmHWM") - before
	for _, v := range viewers {
		v.stop()
	}
	lost, twice, back := total(all)
	benchkit.Figure("a viewer that takes nothing among 20", "the others lose nothing; memory bounded", "%d lost, %d twice, %d out of order; %.1f MiB more at most",
		lost, twice, back, float64(grown)/(1<<20))
	require.Zero(t, lost+twice+back)
	require.Less(t, grown, 96<<20)
}
