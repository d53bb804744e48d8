package memory

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests don't run in parallel, as they change the memory limit of the process.

func TestTheBoundIsKeptWhileItRuns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Bound(ctx, 1<<30) }()
	require.Eventually(t, func() bool { return debug.SetMemoryLimit(-1) == 1<<30 }, time.Minute, time.Millisecond)
	cancel()
	require.NoError(t, <-ended)
	require.EqualValues(t, math.MaxInt64, debug.SetMemoryLimit(-1))
}

// Bound doesn't change a limit that was set before.
func TestABoundOfTheEnvironmentStays(t *testing.T) {
	debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(math.MaxInt64)
	require.NoError(t, Bound(t.Context(), 1<<30))
	require.EqualValues(t, 1<<40, debug.SetMemoryLimit(-1))
}

// The limit is about 1.5 times the memory in use: at a limit equal to it, Go would collect garbage continuously.
func TestTheBoundGrowsWithWhatIsInUse(t *testing.T) {
	require.EqualValues(t, 192<<20, limitFor(192<<20, 50<<20))
	require.EqualValues(t, 632<<20, limitFor(192<<20, 400<<20))
	kept := make([]byte, 64<<20)
	runtime.GC()
	require.Greater(t, inUse(), int64(64<<20))
	runtime.KeepAlive(kept)
}
