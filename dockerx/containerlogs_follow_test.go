package dockerx

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// viewer collects the numbers of a subscription's lines.
type viewer struct {
	mu      sync.Mutex
	numbers []int
	gaps    []logs.Gap
	states  []logs.State
	err     error
	changed chan struct{} // holds a token after new items
	stop    context.CancelFunc
	ended   chan struct{}
	begun   chan struct{}
}

// view subscribes until the test ends.
func view(t *testing.T, h *Host, id string, src logs.Source) *viewer {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	v := &viewer{changed: make(chan struct{}, 1), ended: make(chan struct{}), begun: make(chan struct{}), stop: cancel}
	wake := make(chan struct{}, 1)
	sub := h.FollowLog(id, src, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	go func() {
		defer close(v.ended)
		defer sub.Close()
		_, err := sub.Start(ctx)
		close(v.begun)
		for err == nil {
			var items []logs.Item
			items, err = sub.Next(nil)
			v.take(t, items, err)
			if err != nil {
				return
			}
			select {
			case <-wake:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-v.ended
	})
	<-v.begun
	return v
}

func (v *viewer) take(t *testing.T, items []logs.Item, err error) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
	for _, item := range items {
		switch {
		case item.Batch != nil:
			for i := range item.Batch.Lines {
				n, err := strconv.Atoi(string(item.Batch.Text(i)[:9]))
				if err != nil {
					n = -1
				}
				v.numbers = append(v.numbers, n)
			}
		case item.Gap != nil:
			v.gaps = append(v.gaps, *item.Gap)
		default:
			v.states = append(v.states, item.State)
		}
	}
	select {
	case v.changed <- struct{}{}:
	default:
	}
}

// grow waits until there are more than n lines, and returns how many there are.
func (v *viewer) grow(t *testing.T, n int) int {
	t.Helper()
	late := time.After(time.Minute)
	for {
		v.mu.Lock()
		numbers, gaps, err := v.numbers, v.gaps, v.err
		v.mu.Unlock()
		require.NoError(t, err)
		if len(numbers) > n {
			return len(numbers)
		}
		select {
		case <-v.changed:
		case <-late:
			require.Failf(t, "no more lines", "%d lines, the last %v, gaps %v", len(numbers), numbers[max(0, len(numbers)-3):], gaps)
		}
	}
}

// await waits until the viewer's last line has a number, and returns the numbers of all lines.
func (v *viewer) await(t *testing.T, number int) []int {
	t.Helper()
	late := time.After(2 * time.Minute)
	for {
		v.mu.Lock()
		numbers, err := v.numbers, v.err
		v.mu.Unlock()
		if n := len(numbers); n > 0 && numbers[n-1] == number {
			return numbers
		}
		require.NoError(t, err)
		select {
		case <-v.changed:
		case <-late:
			last := -1
			if len(numbers) > 0 {
				last = numbers[len(numbers)-1]
			}
			require.Failf(t, "too late", "%d lines, the last %d", len(numbers), last)
		}
	}
}

// farHost returns a host that reaches an engine through a relay, and the relay.
func farHost(t *testing.T, e dockertest.Engine) (*Host, *dockertest.Proxy) {
	t.Helper()
	p := dockertest.NewProxy(t, "unix", strings.TrimPrefix(e.Addr, "unix://"))
	return hostOf(t, HostConfig{Name: e.Name, Addr: "tcp://" + p.Addr()}), p
}

func TestFollowersLoseNothingOverCutsAndRotation(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, _ *Host, driver string) {
		t.Helper()
		const lines = 10_000
		h, relay := farHost(t, e)
		id := e.Run(t, dockertest.Spec{
			Cmd: []string{"lines", strconv.Itoa(lines), "3000", "400"}, Created: true,
			LogDriver: driver, LogOptions: map[string]string{"max-size": "20k", "max-file": "500", "compress": "false"},
		})
		src := sourceOf(t, h, id)
		viewers := make([]*viewer, 5)
		for i := range viewers {
			viewers[i] = view(t, h, id, src)
		}
		require.Equal(t, 1, h.LogUpstreams())
		e.Start(t, id)
		h.logHub.Wake(id) // needed because the host's events aren't read in this test
		cuts := 0
		for n := 0; n < lines; {
			n = viewers[0].grow(t, n)
			if n > cuts*300 {
				cuts += relay.Cut()
			}
		}
		for _, v := range viewers {
			requireSequence(t, v.await(t, lines-1), 0, lines)
			require.Empty(t, v.gaps)
		}
		require.Greater(t, cuts, 10)
		t.Logf("%d cuts", cuts)
	})
}

func TestFollowingGoesOnOverARestartOfTheContainer(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, _ *Host, driver string) {
		t.Helper()
		f := fleetOf(t, Options{}, HostConfig{Name: e.Name, Addr: e.Addr})
		running(t, f)
		h := f.Hosts()[0]
		id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "20"}, Created: true, LogDriver: driver})
		v := view(t, h, id, sourceOf(t, h, id))
		for n := range 4 {
			e.Start(t, id)
			for v.grow(t, 20*n+19) < 20*n+20 {
				continue
			}
			if n < 3 {
				e.Stop(t, id)
			}
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Len(t, v.numbers, 80)
		for i := range 4 {
			requireSequence(t, v.numbers[20*i:20*i+20], 0, 20)
		}
	})
}

func TestFollowingEndsWithTheContainersRemoval(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, h *Host, driver string) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "20"}, LogDriver: driver})
		v := view(t, h, id, sourceOf(t, h, id))
		e.Remove(t, id)
		<-v.ended
		require.Equal(t, apperr.NotFound, apperr.KindOf(v.err))
	})
}
