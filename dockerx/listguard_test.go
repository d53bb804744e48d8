package dockerx

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/dockertest"
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
	require.Less(t, h.guard.Limit(), int64(5<<20), "four times as much, or room for some thousand containers")

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
