package stream

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A panic while a stream is processed ends only that stream: the worker continues with the next.
func TestPanicEndsOneStreamAlone(t *testing.T) {
	t.Parallel()
	var workers pool
	ended := make(chan error, 2)
	for range 2 {
		s := &stream{pool: &workers, ended: func(err error) { ended <- err }} // without a source it panics
		s.notified.Store(1)
		workers.add(s)
	}
	for range 2 {
		var crash *PanicError
		require.ErrorAs(t, <-ended, &crash)
		require.Contains(t, crash.Error(), "goroutine")
	}
	var alone stream
	require.ErrorContains(t, alone.run(context.Background()), "panic")
}
