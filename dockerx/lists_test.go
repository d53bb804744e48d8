package dockerx

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/events"
)

// following returns a fake daemon and a host whose events are being read.
func following(t *testing.T) (*dockertest.Daemon, *Host) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	f := fleetOf(t, Options{}, HostConfig{Name: "fake", Addr: d.Addr()})
	running(t, f)
	h := f.Hosts()[0]
	require.Eventually(t, func() bool { return h.streamUp() && d.Streams() == 1 && d.Count("/info") > 0 }, time.Minute, 5*time.Millisecond)
	return d, h
}

func listed(t *testing.T, h *Host) *containers.List {
	t.Helper()
	list, err := h.List(context.Background())
	require.NoError(t, err)
	return list
}

func TestUnchangedListIsKeptForASecondAtMost(t *testing.T) {
	t.Parallel()
	_, h := following(t)
	first := listed(t, h)
	require.Eventually(t, func() bool { first = listed(t, h); return first == listed(t, h) }, time.Minute, time.Millisecond)
	h.lists.mu.Lock()
	h.lists.keptAt = h.lists.keptAt.Add(-containers.MaxAge)
	h.lists.mu.Unlock()
	require.NotSame(t, first, listed(t, h))
}

// An engine may lose an event, so a list in use is read again even if no event invalidates it.
func TestAListThatIsUsedIsReadAgainAfterAMinute(t *testing.T) {
	t.Parallel()
	_, h := following(t)
	require.Eventually(t, func() bool { listed(t, h); return h.KeptList() != nil }, time.Minute, time.Millisecond)
	require.False(t, h.CheckList())
	var old *containers.List
	require.Eventually(t, func() bool { // the reader's own first list may come in between
		old = h.lists.latest()
		h.lists.mu.Lock()
		old.Read, h.lists.keptAt = old.Read.Add(-containers.MaxUnread), h.lists.keptAt.Add(-containers.MaxUnread)
		h.lists.mu.Unlock()
		return h.CheckList()
	}, time.Minute, time.Millisecond)
	require.Eventually(t, func() bool { return h.KeptList() != old }, time.Minute, time.Millisecond)
}

func TestContainerEventThrowsTheListAway(t *testing.T) {
	t.Parallel()
	d, h := following(t)
	id := d.Add(dockertest.Container{Name: "web"})
	require.Eventually(t, func() bool { return len(listed(t, h).Containers) == 1 }, time.Minute, time.Millisecond)
	listed(t, h)
	// A list is cached for a second: a change that shows within half a second shows because of its event. On a busy machine,
	// most of the twenty changes may take longer, but not all.
	quick := 0
	for i := range 20 {
		want := []string{"healthy", "unhealthy"}[i%2]
		d.SetHealth(id, want)
		began := time.Now()
		require.Eventually(t, func() bool {
			return listed(t, h).Containers[0].Status == "Up About a minute ("+want+")"
		}, time.Minute, time.Millisecond)
		if time.Since(began) < containers.MaxAge/2 {
			quick++
		}
	}
	require.GreaterOrEqual(t, quick, 3)
}

func TestWhoStoppedAContainerSeesItStopped(t *testing.T) {
	t.Parallel()
	d, h := following(t)
	id := d.Add(dockertest.Container{})
	zero := 0
	for range 50 {
		listed(t, h)
		require.NoError(t, stop(context.Background(), h, id, &zero))
		require.Equal(t, "exited", listed(t, h).Containers[0].State)
		require.NoError(t, start(context.Background(), h, id))
		require.Equal(t, "running", listed(t, h).Containers[0].State)
	}
}

func TestHundredCallersCauseTwoReadingsAtMost(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
		}
		_, _ = w.Write([]byte("[]"))
	})
	var callers sync.WaitGroup
	start := make(chan struct{})
	for range 100 {
		callers.Go(func() {
			<-start
			_, err := h.List(context.Background())
			assert.NoError(t, err)
		})
	}
	close(start)
	callers.Wait()
	require.LessOrEqual(t, d.Count("/containers/json"), 2)
}

func TestListIsNotKeptWhileTheEventsAreNotRead(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for want := 1; want <= 5; want++ {
		d.Add(dockertest.Container{})
		require.Len(t, listed(t, h).Containers, want)
	}
}

func TestReadingThatBeganBeforeAChangeIsNotKeptNorShared(t *testing.T) {
	t.Parallel()
	d, h := following(t)
	id := d.Add(dockertest.Container{})
	arrived, proceed := make(chan struct{}, 8), make(chan struct{})
	first := true
	var mu sync.Mutex
	d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		old := first
		first = false
		mu.Unlock()
		state := "exited"
		if old {
			state = "running"
			arrived <- struct{}{}
			<-proceed
		}
		dockertest.JSON(w, 200, []map[string]any{{"Id": id, "Names": []string{"/x"}, "State": state}})
	})
	h.lists.drop()
	stale := make(chan *containers.List, 1)
	go func() { list, _ := h.List(context.Background()); stale <- list }()
	<-arrived
	h.lists.drop() // what an event does
	require.Equal(t, "exited", listed(t, h).Containers[0].State)
	close(proceed)
	<-stale
	require.Equal(t, "exited", listed(t, h).Containers[0].State)
}

func TestOnlyWhatChangesAListThrowsItAway(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]bool{
		"create": true, "start": true, "die": true, "stop": true, "pause": true, "unpause": true, "rename": true,
		"destroy": true, "update": true, "restart": true, "health_status: healthy": true, "died": true,
		"kill": false, "exec_create: x": false, "exec_start: start": false, "exec_die": false, "attach": false, "top": false,
	} {
		require.Equal(t, want, changesList(events.Event{Type: "container", Action: action}), action)
		require.False(t, changesList(events.Event{Type: "network", Action: action}))
	}
	require.True(t, changesList(events.Event{Kind: events.KindGap}))
	require.True(t, changesList(events.Event{Kind: events.KindHost}))
}
