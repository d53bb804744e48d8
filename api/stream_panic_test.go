package api

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A panic while a stream is written, an encoder's say, ends that stream, and the worker goes on with the next.
func TestPanicInAStreamEndsThatStreamAlone(t *testing.T) {
	t.Parallel()
	var workers crew
	ended := make(chan error, 2)
	for range 2 {
		es := newEventStream(nil) // it has no subscription: its first turn panics
		es.crew, es.ended = &workers, func(err error) { ended <- err }
		workers.add(es)
	}
	for range 2 {
		var crash *panicError
		require.ErrorAs(t, <-ended, &crash)
		require.Contains(t, crash.Error(), "goroutine")
	}
	var alone eventStream
	require.ErrorContains(t, alone.run(context.Background()), "panic")
}
