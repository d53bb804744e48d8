package dockerx

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
)

// TestHostIsNotDownForWantOfDescriptors runs in a separate process, since the limit on descriptors applies to the process.
func TestHostIsNotDownForWantOfDescriptors(t *testing.T) {
	t.Parallel()
	const inner = "WHARF_TEST_DESCRIPTORS"
	if os.Getenv(inner) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v") //nolint:gosec // this very test
		cmd.Env = append(os.Environ(), inner+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	d, h := setup(t)
	d.Add(dockertest.Container{})
	require.True(t, healthy(h))
	h.transport.CloseIdleConnections()
	h.forget()
	d.Disconnect() // returns when the connections are closed, so that none frees a descriptor later

	mend := takeAllDescriptors(t)
	for range 3 {
		h.lists.drop()
		_, err := h.List(context.Background())
		require.Equal(t, connect.FaultLocal, connect.FaultOf(err), "%v", err)
		_, err = eventSource{h}.Ping(context.Background())
		require.Equal(t, connect.FaultLocal, connect.FaultOf(err), "%v", err)
	}
	require.Equal(t, HostUp, h.Status().State)
	require.Empty(t, h.Status().LastError)
	mend()
	require.True(t, healthy(h), "at once: nothing waits for a host that was never down")
}

// takeAllDescriptors uses up the process's file descriptors until the returned function is called.
func takeAllDescriptors(t *testing.T) (release func()) {
	t.Helper()
	limit := syscall.Rlimit{Cur: 256, Max: 256}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	var taken []int
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			require.ErrorIs(t, err, syscall.EMFILE)
			break
		}
		taken = append(taken, fd)
	}
	return func() {
		for _, fd := range taken {
			_ = syscall.Close(fd)
		}
	}
}
