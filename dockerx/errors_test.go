package dockerx

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

// TestFaultsAreNamedWithoutDriverText covers the faults of a host that can be produced without a proxy.
func TestFaultsAreNamedWithoutDriverText(t *testing.T) {
	t.Parallel()
	authority, stranger := dockertest.NewAuthority(t), dockertest.NewAuthority(t)
	withCert := func(c dockertest.Certificate, trust *dockertest.Authority) HostConfig {
		d := dockertest.NewDaemonWith(t, authority, authority.Sign(t, c))
		trust.Write(t, d.CertDir(), authority.Sign(t, dockertest.Certificate{}))
		return HostConfig{Addr: d.Addr(), CertDir: d.CertDir()}
	}
	answering := func(f http.HandlerFunc) HostConfig {
		d := dockertest.NewDaemon(t)
		d.Fault(f)
		return HostConfig{Addr: d.Addr()}
	}
	here := dockertest.Certificate{Names: []string{"127.0.0.1"}}
	old := dockertest.NewDaemon(t)
	old.SetAPI("1.39", "1.12")
	next := dockertest.NewDaemon(t)
	next.SetAPI("1.60", "1.59")
	cases := map[string]struct {
		cfg  HostConfig
		kind connect.FaultKind
	}{
		"refused":         {HostConfig{Addr: "tcp://" + closedPort(t)}, connect.FaultRefused},
		"no socket":       {HostConfig{Addr: "unix://" + filepath.Join(t.TempDir(), "none.sock")}, connect.FaultRefused},
		"mute":            {HostConfig{Addr: dockertest.Silent(t)}, connect.FaultTimeout},
		"no name":         {HostConfig{Addr: "tcp://nowhere.invalid:2375"}, connect.FaultDNS},
		"expired":         {withCert(dockertest.Certificate{Names: here.Names, NotAfter: time.Now().Add(-time.Hour)}, authority), connect.FaultTLS},
		"wrong authority": {withCert(here, stranger), connect.FaultTLS},
		"wrong name":      {withCert(dockertest.Certificate{Names: []string{"other.example"}}, authority), connect.FaultTLS},
		"no certificates": {HostConfig{Addr: withCert(here, authority).Addr, CertDir: t.TempDir()}, connect.FaultTLS},
		"plain to TLS":    {HostConfig{Addr: withCert(here, authority).Addr}, connect.FaultTLS},
		"TLS to plain":    {HostConfig{Addr: dockertest.NewDaemon(t).Addr(), CertDir: withCert(here, authority).CertDir}, connect.FaultTLS},
		"too old":         {HostConfig{Addr: old.Addr()}, connect.FaultVersion},
		"too new":         {HostConfig{Addr: next.Addr()}, connect.FaultVersion},
		"let nobody in": {answering(func(w http.ResponseWriter, _ *http.Request) {
			dockertest.Fail(w, http.StatusUnauthorized, "log in first")
		}), connect.FaultAuth},
		"redirect": {answering(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/x")
			w.WriteHeader(http.StatusFound)
		}), connect.FaultProtocol},
		"breaks off": {answering(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), connect.FaultProtocol},
		"some other server": {answering(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Del("Api-Version")
			_, _ = w.Write([]byte("hi"))
		}), connect.FaultProtocol},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.cfg.Name = "edge"
			h := hostOf(t, c.cfg)
			began := time.Now()
			_, err := h.List(context.Background())
			require.Less(t, time.Since(began), 3*readTimeout)
			requireError(t, err, apperr.Unavailable, "cannot reach the Docker daemon of host edge: "+string(c.kind))
			require.Equal(t, c.kind, connect.FaultOf(err), "%v", err)
		})
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	return l.Addr().String()
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	canary := dockertest.NewDaemon(t)
	d, h := setup(t)
	target, err := url.Parse(canary.Addr())
	require.NoError(t, err)
	id := d.Add(dockertest.Container{})
	for _, status := range []int{301, 302, 303, 307, 308} {
		away := func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+target.Host+"/containers/json", status)
		}
		d.Handle("GET /containers/json", away)
		d.Handle("POST /containers/{id}/start", away)
		_, err = h.List(context.Background())
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err), status)
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(start(context.Background(), h, id)))
	}
	d.Fault(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+target.Host+"/_ping", http.StatusFound)
	})
	_, err = h.Check(context.Background())
	require.Equal(t, connect.FaultProtocol, connect.FaultOf(err))
	require.Empty(t, canary.Requests())
}

func TestCallersOwnEndIsNoFaultOfTheHost(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	arrived := make(chan struct{}, 1)
	d.Handle("GET /containers/{id}/json", func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		d.Hang(w, r)
	})
	ctx, cancel := context.WithCancel(context.Background())
	answer := make(chan error, 1)
	go func() {
		_, err := h.Inspect(ctx, ref(t, "x"))
		answer <- err
	}()
	<-arrived
	cancel()
	err := <-answer
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, connect.FaultOf(err))
}

func TestVersionIsNegotiatedAnewWhenTheDaemonChanges(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for _, v := range [][2]string{{"1.41", "1.12"}, {"1.47", "1.44"}, {"1.40", "1.24"}, {"1.56", "1.44"}, {"1.43", "1.12"}} {
		d.SetAPI(v[0], v[1])
		_, err := h.List(context.Background())
		require.NoError(t, err, "not one call fails over it")
	}
	paths := map[string]bool{}
	for _, r := range d.Requests() {
		paths[r.Path] = true
	}
	require.True(t, paths["/v1.41/containers/json"])
	require.True(t, paths["/v1.40/containers/json"])
}

func TestRenewedCertificatesCountFromTheNextDial(t *testing.T) {
	t.Parallel()
	authority, stranger := dockertest.NewAuthority(t), dockertest.NewAuthority(t)
	d := dockertest.NewDaemonWith(t, authority, authority.Sign(t, dockertest.Certificate{Names: []string{"127.0.0.1"}}))
	stranger.Write(t, d.CertDir(), stranger.Sign(t, dockertest.Certificate{}))
	h := hostOf(t, HostConfig{Name: "tls", Addr: d.Addr(), CertDir: d.CertDir()})
	_, err := h.List(context.Background())
	require.Equal(t, connect.FaultTLS, connect.FaultOf(err))
	authority.Write(t, d.CertDir(), authority.Sign(t, dockertest.Certificate{}))
	require.Eventually(t, func() bool { _, err = h.List(context.Background()); return err == nil }, time.Minute, 50*time.Millisecond)
}

// countDials counts the connections that a host opens from now on.
func countDials(h *Host) *atomic.Int32 {
	dials := new(atomic.Int32)
	h.transport.WrapDial(func(dial connect.DialFunc) connect.DialFunc {
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials.Add(1)
			return dial(ctx, network, addr)
		}
	})
	return dials
}

// Each host is pinged every five seconds; a handshake for each ping would cost more than the ping itself.
func TestQuestionsInARowTakeOneConnection(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	for range 200 {
		d.Add(dockertest.Container{})
	}
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr()})
	dials := countDials(h)
	for range 10 {
		_, err := eventSource{h}.Ping(t.Context())
		require.NoError(t, err)
		_, err = eventSource{h}.ListContainers(t.Context())
		require.NoError(t, err)
		_, err = h.ListVolumes(t.Context())
		require.NoError(t, err)
		_, err = h.Info(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, int32(1), dials.Load())
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr()})
	dials := countDials(h)
	id := d.Add(dockertest.Container{})
	for range 5 {
		done := make(chan error, 32)
		for range 32 {
			go func() { _, err := h.Inspect(context.Background(), ref(t, id)); done <- err }()
		}
		for range 32 {
			require.NoError(t, <-done)
		}
	}
	require.LessOrEqual(t, dials.Load(), int32(40), "160 calls at 32 at once")
}
