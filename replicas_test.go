package main_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
)

// replicas is several servers on one Postgres, in front of the same fake engines.
type replicas struct {
	t       *testing.T
	env     []string
	daemons []*dockertest.Daemon
	emitted int
}

func newReplicas(t *testing.T, hosts int) *replicas {
	t.Helper()
	r := &replicas{t: t}
	var names []string
	for n := range hosts {
		d := dockertest.NewDaemon(t)
		r.daemons = append(r.daemons, d)
		names = append(names, fmt.Sprintf("h%d=%s", n, d.Addr()))
	}
	r.env = []string{
		"DB_SOURCE=" + dbtest.PostgresSource(t), "DOCKER_HOSTS=" + strings.Join(names, ","), "AUTH_MODE=open", "ANON_ROLE=admin",
	}
	return r
}

// start starts another replica.
func (r *replicas) start() *process {
	r.t.Helper()
	p := serve(r.t, r.t.TempDir(), r.env...)
	p.awaitReady()
	return p
}

// awaitReaders waits until each engine has one reader.
func (r *replicas) awaitReaders() {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		for _, d := range r.daemons {
			if d.Streams() != 1 {
				return false
			}
		}
		return true
	}, time.Minute, 10*time.Millisecond, "each engine has one reader")
}

// emit makes every engine report an event, and returns how many events each has reported so far.
func (r *replicas) emit() int {
	for _, d := range r.daemons {
		d.Emit(dockertest.NewMessage("container", "exec_die", fmt.Sprintf("%064x", r.emitted), map[string]string{"name": "c", "n": fmt.Sprint(r.emitted)}))
	}
	r.emitted++
	return r.emitted
}

// reception holds the events that a client of one replica received: by host, in order.
type reception struct {
	mu   sync.Mutex
	got  map[string][]string
	gaps int
}

// follow starts a client that reads a replica's events until the test ends.
func (r *replicas) follow(p *process) *reception {
	got := &reception{got: map[string][]string{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c := client.New(p.url, client.Options{Pause: 10 * time.Millisecond})
		for f, err := range c.StreamEvents(ctx, dto.StreamQuery{LastEventID: "0"}) {
			if err != nil {
				return
			}
			got.receive(f)
		}
	}()
	r.t.Cleanup(func() { cancel(); <-ended })
	return got
}

func (g *reception) receive(f client.Frame) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch e := f.Data.(type) {
	case dto.ContainerEvent:
		if n := e.Attrs["n"]; n != "" {
			g.got[e.Host] = append(g.got[e.Host], n)
		}
	case dto.StreamGap:
		g.gaps++
	}
}

// awaitAll waits until the client has received all events of all hosts, and checks that each came once, in order, without a gap.
func (r *replicas) awaitAll(g *reception) {
	r.t.Helper()
	var want []string
	for n := range r.emitted {
		want = append(want, fmt.Sprint(n))
	}
	complete := func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		for n := range r.daemons {
			if len(g.got[fmt.Sprint("h", n)]) < len(want) {
				return false
			}
		}
		return true
	}
	require.Eventually(r.t, complete, time.Minute, 10*time.Millisecond)
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := range r.daemons {
		require.Equal(r.t, want, g.got[fmt.Sprint("h", n)])
	}
	require.Zero(r.t, g.gaps)
}

// Each engine has one reader while replicas come and go, and every client of every replica gets each event once.
func TestReplicasReadEachHostOnce(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 6)
	first := r.start()
	r.awaitReaders()
	r.emit() // without any event, an engine can't show that none was missed
	r.awaitAll(r.follow(first))
	second, third := r.start(), r.start()
	r.awaitReaders()
	shown := []*reception{r.follow(first), r.follow(second), r.follow(third)}
	for range 20 {
		r.emit()
	}
	for _, g := range shown {
		r.awaitAll(g)
	}

	require.NoError(t, second.cmd.Process.Kill()) // it can't hand over its leases: the others notice that it is gone
	_ = second.cmd.Wait()
	for range 20 {
		r.emit()
	}
	r.awaitAll(shown[0])
	r.awaitAll(shown[2])
	r.awaitReaders()

	require.Less(t, first.stop(os.Interrupt), 10*time.Second)
	for range 20 {
		r.emit()
	}
	r.awaitAll(shown[2])
	r.awaitReaders()
	require.Equal(t, http.StatusOK, third.readyz())
}

// A replica that was frozen stores nothing under the leases that it lost meanwhile, and then takes its share again.
func TestAFrozenReplicaStoresNothingUnderLostLeases(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 4)
	a := r.start()
	r.awaitReaders()
	r.emit() // without any event, an engine can't show that none was missed while its lease moved
	r.awaitAll(r.follow(a))
	b := r.start()
	r.awaitReaders()
	shown := []*reception{r.follow(a), r.follow(b)}
	r.emit()
	r.awaitAll(shown[0])
	r.awaitAll(shown[1])

	require.NoError(t, a.cmd.Process.Signal(syscall.SIGSTOP))
	for range 20 {
		r.emit() // these wait in the sockets of the frozen replica
	}
	r.awaitAll(shown[1])
	require.NoError(t, a.cmd.Process.Signal(syscall.SIGCONT))
	r.emit()
	r.awaitAll(shown[0])
	r.awaitAll(shown[1])
	r.awaitReaders()
}

// Every replica reports the same status of a host, the one that its owner found; the others send the host no requests.
func TestReplicasSayTheSameOfAHost(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 4)
	r.daemons[0].Add(dockertest.Container{Name: "web", State: "running"})
	a, b := r.start(), r.start()
	r.awaitReaders()
	same := func(status string) {
		t.Helper()
		var ofA, ofB []dto.HostStatus
		require.Eventually(t, func() (same bool) {
			var err error
			ofA, err = a.as("").ListHostStatus(t.Context(), dto.HostQuery{})
			require.NoError(t, err)
			ofB, err = b.as("").ListHostStatus(t.Context(), dto.HostQuery{})
			require.NoError(t, err)
			return ofA[0].Status == status && ofA[0].EngineVersion != "" && reflect.DeepEqual(ofA, ofB)
		}, time.Minute, 20*time.Millisecond, "%s:\n%+v\n%+v", status, &ofA, &ofB)
	}
	same("up")
	asked := 0
	for _, d := range r.daemons {
		asked += d.Count("/info")
	}
	require.LessOrEqual(t, asked, 3*len(r.daemons), "twice by each owner, of which two hosts have had two")
	r.daemons[0].Fault(r.daemons[0].Hang)
	r.daemons[0].Disconnect()
	same("down")
	r.daemons[0].Fault(nil)
	same("up")
}
