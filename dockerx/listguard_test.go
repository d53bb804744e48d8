package dockerx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/engine"
)

// endlessList answers with rows that wharf reads and drops, for as long as the other side reads.
func endlessList(written *atomic.Int64) http.HandlerFunc {
	row := []byte(fmt.Sprintf(`{"Id":%q,"HostConfig":{"x":%q}},`, strings.Repeat("a", 64), strings.Repeat("x", 64<<10)))
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("["))
		for {
			n, err := w.Write(row)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
}

func TestEndlessListIsReadOnceAndNotFar(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr(), Timeouts: Timeouts{Ping: time.Minute, Read: time.Minute}})
	d.Add(dockertest.Container{})
	_, err := h.List(context.Background())
	require.NoError(t, err)
	require.Less(t, h.guard.limit(), int64(5<<20), "four times as much, or room for some thousand containers")

	var written atomic.Int64
	d.Handle("GET /containers/json", endlessList(&written))
	began := time.Now()
	for range 1000 {
		h.lists.drop()
		_, err = h.List(context.Background())
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err))
	}
	most := 3 + int(time.Since(began)/(500*time.Millisecond))
	require.LessOrEqual(t, d.Count("/containers/json"), most)
	require.Less(t, written.Load(), int64(most)*(24<<20), "what is read, and what the connection's buffers hold")
}

func TestListThatCannotBeReadIsTriedAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g listGuard
		bad := errors.New("bad")
		require.Equal(t, int64(engine.MaxList), g.limit(), "nothing is known of the host")
		waits := func(read int64) (waited time.Duration) {
			for g.done(read, bad); g.refusal() != nil; waited += 100 * time.Millisecond {
				time.Sleep(100 * time.Millisecond)
			}
			return waited
		}
		for _, want := range []int{0, 500, 1000, 2000, 4000, 5000, 5000} {
			require.Equal(t, time.Duration(want)*time.Millisecond, waits(0))
		}
		require.Equal(t, 32*time.Second, waits(engine.MaxList), "half a second's work is paid for")
		g.done(3<<20, nil)
		require.NoError(t, g.refusal())
		require.Equal(t, int64(12<<20), g.limit())
		g.done(60<<20, nil)
		require.Equal(t, int64(engine.MaxList), g.limit())
		require.Zero(t, waits(0), "a good list ends it")
	})
}

// A host that grew beyond both bounds while its list wasn't read is read again after some tries, each of them paid for.
func TestListThatOutgrewItsBoundsIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var g listGuard
		g.done(1<<20, nil)
		const now = 30 << 20
		bad, began, read := errors.New("too large"), time.Now(), int64(0)
		for g.limit() < now {
			limit := g.limit()
			g.done(limit+1, bad)
			for read += limit; g.refusal() != nil; {
				time.Sleep(100 * time.Millisecond)
			}
			require.Less(t, time.Since(began), 10*time.Minute)
		}
		require.LessOrEqual(t, float64(read)/time.Since(began).Seconds(), float64(listRate), "more is read than is paid for")
		g.done(now, nil)
		require.Equal(t, int64(engine.MaxList), g.limit())
	})
}
