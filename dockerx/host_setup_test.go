package dockerx

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/operations"
)

// setup returns a new fake daemon and a host for it. The fleet isn't run.
func setup(t *testing.T) (*dockertest.Daemon, *Host) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	return d, hostOf(t, HostConfig{Name: "fake", Addr: d.Addr()})
}

// engineConfig returns the configuration of a real engine, with deadlines that are long enough on a busy machine.
func engineConfig(e dockertest.Engine) HostConfig {
	return HostConfig{
		Name: e.Name, Addr: e.Addr, CertDir: e.CertDir, Timeouts: Timeouts{Ping: 30 * time.Second, Read: time.Minute},
	}
}

// hostOf returns a host with this configuration. It is closed when the test ends.
func hostOf(t *testing.T, cfg HostConfig) *Host {
	t.Helper()
	return fleetOf(t, Options{}, cfg).Hosts()[0]
}

func fleetOf(t *testing.T, opts Options, cfgs ...HostConfig) *Fleet {
	t.Helper()
	f, err := NewFleet(cfgs, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// running runs the fleet until the test ends.
func running(t *testing.T, f *Fleet) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

func ref(t *testing.T, s string) containers.Ref {
	t.Helper()
	r, err := containers.ParseRef(s)
	require.NoError(t, err)
	return r
}

// start starts a container as /start2 does.
func start(ctx context.Context, h *Host, id string) error {
	_, err := h.Operate(ctx, &containers.Details{ID: id}, operations.Operation{Name: "start", Strict: true})
	return err
}

// stop stops a container as /stop2 does.
func stop(ctx context.Context, h *Host, id string, timeout *int) error {
	_, err := h.Operate(ctx, &containers.Details{ID: id}, operations.Operation{Name: "stop", Strict: true, Params: operations.Stop{Timeout: timeout}})
	return err
}
