package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// memorySource is a Source in memory, with a ring, streams and a list. It works inside synctest.
type memorySource struct {
	mu     sync.Mutex
	ring   []Event
	lines  map[*io.PipeWriter]chan []byte
	rows   []Container
	down   bool
	mute   bool
	opens  []time.Time // when each stream was asked for
	sinces []time.Time
}

func (m *memorySource) OpenEvents(_ context.Context, since time.Time) (io.ReadCloser, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opens, m.sinces = append(m.opens, time.Now()), append(m.sinces, since)
	if m.down {
		return nil, time.Time{}, syscall.ECONNREFUSED
	}
	r, w := io.Pipe()
	ch := make(chan []byte, 10_000)
	go func() {
		for line := range ch {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
	if m.lines == nil {
		m.lines = map[*io.PipeWriter]chan []byte{}
	}
	m.lines[w] = ch
	first := len(m.ring)
	for first > 0 && !since.IsZero() && !m.ring[first-1].Time.Before(since) {
		first--
	}
	for i := first; i < len(m.ring); i++ {
		ch <- line(&m.ring[i])
	}
	return r, time.Now().UTC().Truncate(time.Second), nil
}

func line(e *Event) []byte {
	b, _ := json.Marshal(map[string]any{
		"Type": e.Type, "Action": e.Action, "timeNano": e.Time.UnixNano(), "time": e.Time.Unix(),
		"Actor": map[string]any{"ID": e.ActorID, "Attributes": e.Attrs},
	})
	return append(b, '\n')
}

func (m *memorySource) Ping(ctx context.Context) (time.Time, error) {
	m.mu.Lock()
	mute, down := m.mute, m.down
	m.mu.Unlock()
	if down {
		return time.Time{}, syscall.ECONNREFUSED
	}
	if mute {
		ctx, cancel := context.WithTimeout(ctx, pingLimit)
		defer cancel()
		<-ctx.Done()
		return time.Time{}, ctx.Err()
	}
	return time.Now().UTC().Truncate(time.Second), nil
}

func (m *memorySource) ListContainers(context.Context) ([]Container, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Container(nil), m.rows...), nil
}

// happen stores an event with the present time in the ring, and sends it.
func (m *memorySource) happen(action, id string) Event {
	time.Sleep(time.Millisecond) // no two events have the same time
	m.mu.Lock()
	defer m.mu.Unlock()
	e := Event{Type: "container", Action: action, ActorID: id, Time: time.Now().UTC(), Attrs: map[string]string{"name": "n-" + id}}
	m.ring = append(m.ring, e)
	if len(m.ring) > 256 {
		m.ring = m.ring[1:]
	}
	for _, ch := range m.lines {
		ch <- line(&e)
	}
	return e
}

func (m *memorySource) raw(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ch := range m.lines {
		ch <- []byte(text + "\n")
	}
}

// keep replaces the ring.
func (m *memorySource) keep(ring ...Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ring = ring
}

// cut ends all streams.
func (m *memorySource) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for w, ch := range m.lines {
		close(ch)
		delete(m.lines, w)
	}
}

func (m *memorySource) set(down bool, rows ...Container) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
	if rows != nil {
		m.rows = rows
	}
}

type fixture struct {
	*memorySource
	mu     sync.Mutex
	events []Event
}

// read runs a reader until the returned function is called. It must be called inside synctest.
func (b *fixture) read(t *testing.T, resume *Resume) (stop func()) {
	t.Helper()
	o := Options{Host: "h", Source: b.memorySource, Up: func(bool) {}, Logger: zerolog.Nop(), Emit: func(e Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
	}}
	if resume != nil {
		o.Resume = func(context.Context) (Resume, error) { return *resume, nil }
	}
	r := New(o)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		b.cut()
	}
}

// reported returns the events that were emitted since the last call, in short form.
func (b *fixture) reported() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, e := range b.events {
		switch s := e.Action + " " + e.ActorID; {
		case e.Kind == KindGap:
			out = append(out, "gap: "+e.Reason)
		case e.Kind == KindHost:
			out = append(out, "host "+e.Action)
		case e.Kind == KindState:
			for _, c := range e.Found {
				out = append(out, "state "+c.State+" "+c.ID)
			}
		case e.Attrs[attrInferred] != "":
			out = append(out, "inferred "+s)
		default:
			out = append(out, s)
		}
	}
	b.events = nil
	return out
}

func newFixture(rows ...Container) *fixture {
	return &fixture{memorySource: &memorySource{rows: rows}}
}

func TestReaderFollowsAHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(Container{ID: "a", Name: "n-a", State: "running"})
		b.happen("start", "a")
		time.Sleep(time.Hour / 2)
		defer b.read(t, nil)()
		time.Sleep(listDelay)
		require.Equal(t, []string{"host connected", "state running a"}, b.reported(), "what was before is no event")
		b.happen("die", "a")
		b.happen("start", "a")
		require.Equal(t, []string{"die a", "start a"}, b.reported())
	})
}

func TestReaderResumesAtItsAnchorAfterACut(t *testing.T) {
	t.Parallel()
	for _, down := range []time.Duration{0, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			b := newFixture()
			defer b.read(t, nil)()
			b.happen("create", "a")
			require.Equal(t, []string{"host connected", "create a"}, b.reported())
			b.set(down > 0)
			b.cut()
			b.happen("start", "a")
			b.happen("die", "a")
			time.Sleep(down)
			b.set(false)
			time.Sleep(2 * maxRetry)
			want := []string{"start a", "die a"}
			if down > 0 {
				want = append([]string{"host disconnected", "host connected"}, want...)
			}
			require.Equal(t, want, b.reported(), "once each, no gap")
		})
	}
}

func TestReaderMarksAGapWhenTheRingHasRolledOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(Container{ID: "a", Name: "n-a", State: "running"}, Container{ID: "b", Name: "n-b", State: "running"})
		defer b.read(t, nil)()
		time.Sleep(time.Second)
		last := b.happen("exec_die", "a")
		b.reported()
		b.set(true, Container{ID: "a", Name: "n-a", State: "exited"}, Container{ID: "c", Name: "n-c", State: "running"})
		b.cut()
		var missed []Event
		for range 300 {
			missed = append(missed, b.happen("exec_die", "x"))
		}
		first := missed[300-256]
		b.set(false)
		time.Sleep(maxRetry)
		synctest.Wait()
		var g Event
		b.mu.Lock()
		for _, e := range b.events {
			if e.Kind == KindGap {
				g = e
			}
		}
		b.mu.Unlock()
		require.Equal(t, last.Time, g.From)
		require.Equal(t, first.Time, g.To)
		got := b.reported()
		require.Equal(t, []string{"host disconnected", "host connected", "gap: " + reasonNoAnchor}, got[:3])
		require.Len(t, got[3:], 256+5)
		require.Equal(t, []string{"inferred die a", "inferred create c", "inferred start c", "inferred die b", "inferred destroy b"}, got[3+256:])
	})
}

func TestReaderMarksAGapWhenTheDaemonForgot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(Container{ID: "a", Name: "n-a", State: "running"})
		defer b.read(t, nil)()
		time.Sleep(time.Second)
		b.happen("exec_die", "a")
		b.reported()
		b.keep()
		b.set(false, Container{ID: "a", Name: "n-a", State: "paused"})
		b.cut()
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"gap: " + reasonNoAnchor, "inferred pause a"}, b.reported(), "within two seconds")
	})
}

func TestReaderMarksAGapWhenTheDaemonsClockStepsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture()
		defer b.read(t, &Resume{States: map[string]ContainerState{}, Anchor: &Event{
			Type: "container", Action: "x", ActorID: "a", Time: time.Now().Add(time.Hour).UTC(), Attrs: map[string]string{},
		}})()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		e := b.events[len(b.events)-1]
		require.Equal(t, reasonClockBack, e.Reason)
		require.True(t, e.From.Before(time.Now()) && e.To.After(time.Now()))
	})
}

func TestReaderInfersFromTheLogAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(Container{ID: "a", Name: "n-a", State: "exited"}, Container{ID: "b", Name: "new", State: "running"})
		anchor := b.happen("exec_die", "a")
		b.happen("exec_die", "b")
		known := map[string]ContainerState{"a": {"n-a", "running"}, "b": {"old", "running"}}
		stop := b.read(t, &Resume{Anchor: &anchor, States: known})
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"host connected", "exec_die b"}, b.reported(), "continuity is proved: nothing to infer")
		stop()
		b.keep()
		defer b.read(t, &Resume{Anchor: &anchor, States: known})()
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"host connected", "gap: " + reasonNoAnchor, "inferred die a", "inferred rename b"}, b.reported())
	})
}

// A process was connected, but killed before it recorded its first event: the next one must read on from that connection.
func TestReaderReadsOnFromItsFirstConnectionWithoutAnAnchor(t *testing.T) {
	t.Parallel()
	for _, states := range []map[string]ContainerState{nil, {}, {"a": {"n-a", "running"}}} {
		synctest.Test(t, func(t *testing.T) {
			b := newFixture()
			b.happen("die", "before")
			time.Sleep(time.Minute)
			connected := time.Now()
			b.happen("create", "a")
			time.Sleep(time.Minute)
			ahead := 900 * time.Millisecond // of wharf's clock
			defer b.read(t, &Resume{States: states, Since: connected.Add(ahead)})()
			require.Equal(t, []string{"gap: " + reasonNoAnchor, "host connected", "create a"}, b.reported(), "the gap first")
			b.cut()
			b.happen("start", "a")
			require.Equal(t, []string{"start a"}, b.reported(), "now there is an anchor")
		})
	}
}

func TestReaderInfersNothingAboutContainersThatSpokeMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture(Container{ID: "a", Name: "n-a", State: "running"})
		defer b.read(t, nil)()
		time.Sleep(time.Second)
		b.happen("exec_die", "a")
		b.keep()
		b.reported()
		b.cut()
		time.Sleep(proofTime + listDelay/2)
		b.happen("die", "a") // in the list, which was read before, it is running
		time.Sleep(time.Second)
		require.Equal(t, []string{"gap: " + reasonNoAnchor, "die a"}, b.reported())
	})
}

func TestReaderNoticesAMuteDaemonInTwelveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture()
		defer b.read(t, nil)()
		b.reported()
		b.memorySource.mu.Lock()
		b.mute = true
		b.memorySource.mu.Unlock()
		time.Sleep(12 * time.Second)
		require.Equal(t, []string{"host disconnected"}, b.reported()[:1])
	})
}

func TestReaderRetriesAtOnceThenEverMoreSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture()
		defer b.read(t, nil)()
		time.Sleep(time.Minute)
		b.set(true)
		b.memorySource.mu.Lock()
		b.opens = nil
		b.memorySource.mu.Unlock()
		b.cut()
		time.Sleep(time.Minute)
		b.memorySource.mu.Lock()
		defer b.memorySource.mu.Unlock()
		require.Greater(t, len(b.opens), 15)
		want := []int{0, 50, 100, 200, 400, 800, 1600, 3200, 5000, 5000} // milliseconds
		for i := 1; i < len(want); i++ {
			d, w := b.opens[i].Sub(b.opens[i-1]), time.Duration(want[i])*time.Millisecond
			require.InDelta(t, w, d, float64(w)*retryJitter, fmt.Sprint("retry ", i))
		}
	})
}

func TestReaderSkipsWhatItCannotReadAndSaysSo(t *testing.T) {
	t.Parallel()
	huge := make([]byte, maxEventBytes+10)
	for i := range huge {
		huge[i] = ' '
	}
	for _, bad := range []string{
		"{", `{"Type":1}`, `{"Type":"container"}`, "[]", "\x00", string(huge),
		`{"Type":"gap","Action":"gap","timeNano":1}`, `{"Type":"Host","Action":"disconnected","timeNano":1}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newFixture()
			defer b.read(t, nil)()
			b.happen("start", "a")
			b.raw(bad)
			b.happen("die", "a")
			require.Equal(t, []string{"host connected", "start a", "gap: " + reasonUnreadable, "die a"}, b.reported())
		})
	}
}

func TestReaderKeepsEventsThatRingAndStreamOrderDifferently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newFixture()
		defer b.read(t, nil)()
		last := b.happen("create", "a")
		b.reported()
		b.cut() // the ring gets an event before last that was never sent
		late := last
		late.Action, late.Time = "late", last.Time.Add(-time.Millisecond)
		b.keep(late, last)
		time.Sleep(time.Second)
		require.Equal(t, []string{"late a"}, b.reported())
	})
}

func TestPodmansWordsMeanTheSame(t *testing.T) {
	t.Parallel()
	m := containerModel{states: map[string]ContainerState{}}
	for action, want := range map[string]string{"create": StateCreated, "start": StateRunning, "died": StateExited} {
		m.apply(&Event{Type: "container", Action: action, ActorID: "a", ActorName: "n", Attrs: map[string]string{"name": "n"}})
		require.Equal(t, want, m.states["a"].State)
	}
	m.apply(&Event{Type: "container", Action: "remove", ActorID: "a"})
	require.Empty(t, m.states)
	e, err := decodeEvent("h", []byte(`{"status":"died","id":"a","Type":"container","Action":"died",`+
		`"Actor":{"ID":"a","Attributes":{"containerExitCode":"1","name":"n"}},"time":1,"timeNano":1000000001}`))
	require.NoError(t, err)
	require.Equal(t, Event{
		Host: "h", Type: "container", Action: "died", ActorID: "a", ActorName: "n",
		Time: time.Unix(1, 1).UTC(), Attrs: map[string]string{"containerExitCode": "1", "name": "n"}, Labels: map[string]string{},
	}, e)
}

func TestDisconnectionsHaveFixedWords(t *testing.T) {
	t.Parallel()
	for reason, err := range map[string]error{
		reasonMute: errMute, reasonStreamEnded: fmt.Errorf("read: %w", io.EOF), reasonUnreachable: errors.Join(net.ErrClosed),
	} {
		var got Event
		r := New(Options{Host: "h", Emit: func(e Event) { got = e }})
		r.connected = true
		r.disconnected(err)
		require.Equal(t, reason, got.Reason)
	}
}
