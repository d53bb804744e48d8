package api_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api/stream"
)

// breaking is a source that panics once broken is set, in whichever of its methods is called first.
type breaking struct {
	stream.Poller
	broken *atomic.Bool
}

func (p *breaking) fail() {
	if p.broken.Load() {
		panic("a bug")
	}
}

func (p *breaking) Poll(ctx context.Context, b *stream.Batch) (more bool, err error) {
	p.fail()
	return p.Poller.Poll(ctx, b)
}

func (p *breaking) Heartbeat(dst []byte) []byte {
	p.fail()
	return p.Poller.Heartbeat(dst)
}

// panics: a panic ends only its stream, whose client sees that it is incomplete. It is logged once, and the place becomes free.
func (c *conformance) panics(t *testing.T) {
	broken := map[string]*atomic.Bool{}
	transports := []string{"HTTP/1.1", "HTTP/1.1 with TLS", "HTTP/2.0"}
	for _, transport := range transports {
		broken[transport] = new(atomic.Bool)
	}
	c.api.WrapStreams(func(r *http.Request, source stream.Poller) stream.Poller {
		if b, ok := broken[r.Header.Get("Break")]; ok {
			return &breaking{source, b}
		}
		return source
	})
	other := c.open("HTTP/1.1", c.path)
	c.item(other)
	for _, transport := range transports {
		id := uuid.NewString()
		l := c.open(transport, c.path, func(r *http.Request) {
			r.Header.Set("X-Request-Id", id)
			r.Header.Set("Break", transport)
		})
		c.item(l)
		broken[transport].Store(true)
		_, err := io.Copy(io.Discard, l.r)
		require.Error(t, err, "%s: an orderly end", transport)
		line := logLine(t, id)
		require.Contains(t, line, `"level":"error"`)
		require.Contains(t, line, "panic: a bug")
		require.Equal(t, 1, strings.Count(suiteLogText(), id), "it is logged once")
	}
	if c.read != nil {
		c.item(other)
		return
	}
	for beats := 0; beats < 2; {
		line, err := other.r.ReadString('\n')
		require.NoError(t, err, "the other stream lives")
		if line == ": \n" {
			beats++
		}
	}
}

// A panic of a source ends only its stream, and is logged once.
func TestPanicInAStreamIsLoggedAndTheServerLives(t *testing.T) {
	t.Parallel()
	w, d := oneHost(t)
	w.api.ServeStream("/broken", brokenSource)
	l := w.listen("/events", w.admin)
	id := uuid.NewString()
	a, err := http.Get(w.url + "/broken?" + id)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, a.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, a.Body.Close())
	line := logLine(t, a.Header.Get("X-Request-Id"))
	require.Contains(t, line, `"level":"error"`)
	require.Contains(t, line, "panic: a bug")
	d.Emit(redisDies())
	require.Contains(t, l.next().data, redisID)
}

func brokenSource(context.Context, *stream.Writer) error { panic("a bug") }
