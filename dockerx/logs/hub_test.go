package logs

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// flakySource is a Source that fails for the first failures requests, and then answers with one line.
type flakySource struct{ failures atomic.Int32 }

func (*flakySource) TTY() bool                             { return false }
func (*flakySource) FileBytes() int64                      { return 0 }
func (*flakySource) Running(context.Context) (bool, error) { return true, nil }

func (s *flakySource) Open(ctx context.Context, q Query) (io.ReadCloser, error) {
	if s.failures.Add(-1) >= 0 {
		return nil, errors.New("cut")
	}
	r, w := io.Pipe()
	go func() {
		_, _ = w.Write(frameOf(Stdout, start, "one\n"))
		if q.Follow {
			<-ctx.Done()
		}
		_ = w.Close()
	}()
	return r, nil
}

// A subscriber that came while the engine was away gets the position at which following began.
func TestASubscriberKnowsWhereItsLinesBegin(t *testing.T) {
	t.Parallel()
	h := NewHub(HubOptions{Grace: time.Nanosecond})
	defer h.Close()
	src := &flakySource{}
	src.failures.Store(1)
	sub := h.Subscribe("id", src, func() {})
	defer sub.Close()
	at, err := sub.Start(t.Context())
	require.NoError(t, err)
	require.Equal(t, start, at.Time())
}

// The upstream's memory is bounded: slow subscribers get ErrTooSlow, and reading pauses if even the fastest is behind.
func TestAnUpstreamKeepsNoMoreThanItsBuffer(t *testing.T) {
	t.Parallel()
	u := newUpstream(10_000)
	quick, slow := u.join(func() {}, func() {}), u.join(func() {}, func() {})
	batch := func() *Batch {
		b := &Batch{}
		b.add(Position{At: 1, Stream: Stdout}, false, make([]byte, 1000))
		return b
	}
	for range 100 {
		u.lines(batch())
		_, err := quick.Next(nil)
		require.NoError(t, err)
		require.LessOrEqual(t, u.bytes, 12_000)
		select {
		case <-u.room():
		default:
			require.Fail(t, "no room although the quickest has taken everything")
		}
	}
	_, err := slow.Next(nil)
	require.ErrorIs(t, err, ErrTooSlow)
	slow.Close()
	for range 5 {
		u.lines(batch())
	}
	room := u.room()
	select {
	case <-room:
		require.Fail(t, "room although the only subscriber takes nothing")
	default:
	}
	_, err = quick.Next(nil)
	require.NoError(t, err)
	<-room
	quick.Close()
}
