package stream

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stuckSink accepts nothing until it is released.
type stuckSink struct {
	sink
	writing, release chan struct{}
}

func (s *stuckSink) try(b []byte) ([]byte, error) { return b, nil }
func (s *stuckSink) interrupt()                   {}
func (s *stuckSink) write([]byte, time.Duration) error {
	s.writing <- struct{}{}
	<-s.release
	return nil
}

// The memory of all streams that wait for their clients is bounded: a stream that would exceed the bound ends.
func TestWaitingStreamsAreBoundedTogether(t *testing.T) {
	stuck := &stuckSink{writing: make(chan struct{}), release: make(chan struct{})}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s := &stream{out: stuck, stall: time.Hour}
			if err := s.write(make([]byte, waitingMost/4)); err != nil {
				t.Error(err)
			}
		})
		<-stuck.writing
	}
	s := &stream{out: stuck, stall: time.Hour}
	require.ErrorIs(t, s.write(make([]byte, batchBytes)), errClient)
	all.Go(func() {
		if err := s.write(make([]byte, waitingSmall)); err != nil {
			t.Error("a small one may always wait:", err)
		}
	})
	<-stuck.writing
	close(stuck.release)
	all.Wait()
	require.Zero(t, waitingBytes.Load())
}
