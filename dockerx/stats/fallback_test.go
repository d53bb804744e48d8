package stats

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// blindSource is a Source, in place of the kernel's files, that can read only some containers.
type blindSource struct {
	sees      map[string]bool
	mu        sync.Mutex
	forgotten []string
}

func (b *blindSource) Read(ctx context.Context, ids []string, pairs bool, got func(Reading)) {
	for pass := range 2 {
		if pass == 1 && (!pairs || !sleepUntil(ctx, time.Now().Add(minGap))) {
			return
		}
		for _, id := range ids {
			r := Reading{ID: id, Sample: Sample{Read: time.Now(), CPUTotal: uint64(time.Now().UnixNano()), OnlineCPUs: 2, Memory: 7}}
			b.mu.Lock()
			if !b.sees[id] {
				r.Err = ErrUnread
			}
			b.mu.Unlock()
			got(r)
		}
	}
}

func (b *blindSource) Forget(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgotten = append(b.forgotten, id)
}

func (b *blindSource) lastForgotten() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.forgotten[len(b.forgotten)-1]
}

func (b *blindSource) Cost() time.Duration { return 0 }

func TestContainerThatTheKernelDoesNotShowIsAskedForAtTheEngineAndLoggedOnce(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	inBubble(t, direct(3), Options{Logger: zerolog.New(&log)}, func(t *fixture) {
		e, s := t.e, t.s
		kernel := &blindSource{sees: map[string]bool{fakeID(0): true, fakeID(2): true}}
		s.kernel = kernel
		snap, took := timed(t, s)
		require.InDelta(t, minGap.Seconds(), took.Seconds(), 0.01)
		require.False(t, snap.Partial)
		require.InDelta(t, 100, snap.Usages[0].CPUPercent, 0.01)
		require.InDelta(t, cpuShare, snap.Usages[1].CPUPercent, 0.01)
		pass(20 * time.Second)
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")), log.String())
		require.Contains(t, log.String(), fakeID(1)[:12])
		require.Equal(t, []int{0, 0}, []int{e.askedFor(fakeID(0)), e.askedFor(fakeID(2))})
		kernel.mu.Lock()
		kernel.sees[fakeID(1)] = true
		kernel.mu.Unlock()
		s.OnChange(Change{Kind: Started, ID: fakeID(1)})
		require.Equal(t, fakeID(1), kernel.lastForgotten())
		pass(time.Second)
		snap, _ = timed(t, s)
		require.InDelta(t, 100, snap.Usages[1].CPUPercent, 0.01)
	})
}
