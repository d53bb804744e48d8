package dockerx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

// faulty is a working host, with functions to break and repair it.
type faulty struct {
	cfg   HostConfig
	harm  func(h *Host)
	heal  func(h *Host)
	kinds []connect.FaultKind
}

func manyContainers(t *testing.T) *dockertest.Daemon {
	t.Helper()
	d := dockertest.NewDaemon(t)
	for range 200 {
		d.Add(dockertest.Container{Labels: map[string]string{"com.example.description": strings.Repeat("x", 300)}})
	}
	return d
}

// answering returns a host whose list is answered by f while it is broken.
func answering(t *testing.T, f http.HandlerFunc) faulty {
	t.Helper()
	d := manyContainers(t)
	return faulty{
		HostConfig{Addr: d.Addr()},
		func(*Host) { d.Handle("GET /containers/json", f) },
		func(*Host) { d.Handle("GET /containers/json", nil) },
		[]connect.FaultKind{connect.FaultProtocol},
	}
}

// badTLS returns a host that reaches another server, with the certificate bad, while it is broken.
func badTLS(t *testing.T, bad dockertest.Certificate, signedByStranger bool) faulty {
	t.Helper()
	authority := dockertest.NewAuthority(t)
	signer := authority
	if signedByStranger {
		signer = dockertest.NewAuthority(t)
	}
	here := dockertest.Certificate{Names: []string{"127.0.0.1"}}
	good := dockertest.NewDaemonWith(t, authority, authority.Sign(t, here))
	other := dockertest.NewDaemonWith(t, authority, signer.Sign(t, bad))
	authority.Write(t, good.CertDir(), authority.Sign(t, dockertest.Certificate{}))
	g := newGate(t, good.Addr())
	return faulty{
		HostConfig{Addr: "tcp://" + g.addr, CertDir: good.CertDir()},
		func(*Host) { g.lead(t, other.Addr()); g.cut() }, func(*Host) { g.lead(t, good.Addr()); g.cut() },
		[]connect.FaultKind{connect.FaultTLS},
	}
}

func twelveFaults(t *testing.T) map[string]faulty {
	t.Helper()
	plain := func() (*dockertest.Daemon, *gate, HostConfig) {
		d := manyContainers(t)
		g := newGate(t, d.Addr())
		return d, g, HostConfig{Addr: "tcp://" + g.addr}
	}
	faults := map[string]faulty{}
	d, g, cfg := plain()
	faults["refused"] = faulty{cfg, func(*Host) { g.shut() }, func(*Host) { g.lead(t, d.Addr()) }, []connect.FaultKind{connect.FaultRefused}}
	faults["reset mid-body"] = answering(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"Id":"`))
		_ = http.NewResponseController(w).Flush()
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			_ = conn.Close()
		}
	})
	_, dark, cfg := plain()
	var light func()
	faults["blackholed SYN"] = faulty{cfg, func(*Host) { light = dark.blackhole(t) }, func(*Host) { light() }, []connect.FaultKind{connect.FaultTimeout, connect.FaultRefused}}
	mute, _, cfg := plain()
	faults["accept, then mute"] = faulty{cfg, func(*Host) { mute.Fault(mute.Hang) }, func(*Host) { mute.Fault(nil) }, []connect.FaultKind{connect.FaultTimeout}}
	half := dockertest.NewProxy(t, "tcp", strings.TrimPrefix(manyContainers(t).Addr(), "tcp://"))
	faults["half-open"] = faulty{
		HostConfig{Addr: "tcp://" + half.Addr()}, func(*Host) { half.Stall() }, func(*Host) { half.Resume() }, []connect.FaultKind{connect.FaultTimeout},
	}
	here := []string{"127.0.0.1"}
	faults["certificate expired"] = badTLS(t, dockertest.Certificate{Names: here, NotAfter: time.Now().Add(-time.Hour)}, false)
	faults["wrong authority"] = badTLS(t, dockertest.Certificate{Names: here}, true)
	faults["wrong name"] = badTLS(t, dockertest.Certificate{Names: []string{"elsewhere.example"}}, false)
	faults["no DNS"] = noDNS(t)
	slow := dockertest.NewProxy(t, "tcp", strings.TrimPrefix(manyContainers(t).Addr(), "tcp://"))
	faults["1 KiB/s"] = faulty{
		HostConfig{Addr: "tcp://" + slow.Addr()}, func(*Host) { slow.Throttle(1024) }, func(*Host) { slow.Throttle(0) }, []connect.FaultKind{connect.FaultTimeout},
	}
	faults["truncated JSON"] = answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"Id":"`)) })
	faults["wrong types"] = answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"Id":7,"Names":{}}]`)) })
	return faults
}

// noDNS returns a host whose dialer returns a resolver's error while it is broken, since the machine's resolver can't be
// turned off.
func noDNS(t *testing.T) faulty {
	t.Helper()
	d := manyContainers(t)
	var mu sync.Mutex
	fails := false
	set := func(h *Host, to bool) {
		mu.Lock()
		defer mu.Unlock()
		fails = to
		d.Disconnect()
	}
	f := faulty{HostConfig{Addr: d.Addr()}, nil, nil, []connect.FaultKind{connect.FaultDNS}}
	f.harm = func(h *Host) { set(h, true) }
	f.heal = func(h *Host) { set(h, false) }
	dnsFaults.Store(d.Addr(), func(h *Host) {
		h.transport.WrapDial(func(dial connect.DialFunc) connect.DialFunc {
			return func(ctx context.Context, network, addr string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				if fails {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "edge", IsNotFound: true}}
				}
				return dial(ctx, network, addr)
			}
		})
	})
	return f
}

var dnsFaults sync.Map // address -> func(*Host)

func TestTwelveFaultsHurtNobodyElseAndAreRecoveredFrom(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute: left out by -short")
	}
	others := otherHosts(t)
	for name, f := range twelveFaults(t) {
		t.Run(name, func(t *testing.T) {
			nothingLeft(t)
			fleet, edge := withEdge(t, f, others)
			before := p99(askOthers(t, fleet.Hosts()[1:], time.Second, nil))

			f.harm(edge)
			began := time.Now()
			seen := make(chan struct{})
			go func() {
				defer close(seen)
				requireFault(t, edge, f.kinds)
			}()
			during := p99(askOthers(t, fleet.Hosts()[1:], time.Second, seen))
			t.Logf("answered within %v; others' p99 %v before, %v during", time.Since(began).Round(time.Millisecond), before, during)
			require.Less(t, during, 500*time.Millisecond+10*before, "before: how busy the machine is")

			f.heal(edge)
			healed := time.Now()
			require.Eventually(t, func() bool { return healthy(edge) }, time.Minute, 10*time.Millisecond)
			t.Logf("recovered after %v", time.Since(healed).Round(time.Millisecond))
			require.Less(t, time.Since(healed), 30*time.Second, "a figure of make bench-hosts: 2 s on a quiet machine")
		})
	}
}

// otherHosts returns the configurations of the real engines and of a fake one.
func otherHosts(t *testing.T) []HostConfig {
	t.Helper()
	others := []HostConfig{}
	for _, e := range dockertest.Engines(t) {
		others = append(others, engineConfig(e))
	}
	return append(others, HostConfig{Name: "fourth", Addr: dockertest.NewDaemon(t).Addr()})
}

// withEdge runs a fleet of the faulty host, named edge, and others. It returns the fleet and edge.
func withEdge(t *testing.T, f faulty, others []HostConfig) (*Fleet, *Host) {
	t.Helper()
	f.cfg.Name = "edge"
	fleet := fleetOf(t, Options{}, append([]HostConfig{f.cfg}, others...)...)
	edge := fleet.Hosts()[0]
	if adapt, ok := dnsFaults.Load(f.cfg.Addr); ok {
		adapt.(func(*Host))(edge)
	}
	running(t, fleet)
	require.Eventually(t, func() bool { return healthy(edge) && edge.streamUp() }, time.Minute, 10*time.Millisecond)
	return fleet, edge
}

// nothingLeft makes the test fail if it leaks goroutines or sockets. It ignores pipes, since Go keeps those that it uses for the
// gates' splice in a pool.
func nothingLeft(t *testing.T) {
	t.Helper()
	count := func() (int, int) {
		files, _ := filepath.Glob("/proc/self/fd/*")
		sockets := 0
		for _, f := range files {
			if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, "socket:") {
				sockets++
			}
		}
		return runtime.NumGoroutine(), sockets
	}
	goroutines, sockets := count()
	t.Cleanup(func() {
		require.Eventually(t, func() bool {
			g, f := count()
			return g <= goroutines+1 && f <= sockets // one goroutine is Eventually's
		}, time.Minute, 20*time.Millisecond)
	})
}

func healthy(h *Host) bool {
	_, err := h.List(context.Background())
	return err == nil
}

// requireFault asks for the list until the fault shows; the cached list may be valid for another second. Each answer must come
// within the deadline, and the error must have the usual form.
func requireFault(t *testing.T, h *Host, kinds []connect.FaultKind) {
	t.Helper()
	pause := time.NewTicker(10 * time.Millisecond) // between two requests
	defer pause.Stop()
	for end := time.Now().Add(15 * time.Second); ; <-pause.C {
		began := time.Now()
		_, err := h.List(context.Background())
		if took := time.Since(began); took > 3*readTimeout {
			t.Errorf("answered after %v", took)
		}
		var e *apperr.Error
		switch {
		case errors.As(err, &e) && e.Kind == apperr.Unavailable && slices.Contains(kinds, connect.FaultOf(err)) &&
			strings.HasPrefix(e.Msg, "cannot reach the Docker daemon of host edge: "):
			return
		case time.Now().After(end):
			t.Errorf("no fault of %v: %v", kinds, err)
			return
		}
	}
}

// askOthers asks the hosts for their lists, at least for the time least and until the channel is closed, and returns how long
// each answer took.
func askOthers(t *testing.T, hosts []*Host, least time.Duration, until <-chan struct{}) []time.Duration {
	t.Helper()
	var took []time.Duration
	for began := time.Now(); ; {
		for _, h := range hosts {
			sent := time.Now()
			_, err := eventSource{h}.ListContainers(context.Background())
			require.NoError(t, err, h.Name())
			took = append(took, time.Since(sent))
		}
		select {
		case <-until:
			until = nil
		default:
		}
		if until == nil && time.Since(began) > least {
			return took
		}
	}
}

func p99(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)*99/100]
}
