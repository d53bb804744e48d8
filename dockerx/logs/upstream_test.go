package logs

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Many subscribers are notified immediately of a single line. Lines that follow shortly after it are collected, and notified
// together soon: notifying five hundred subscribers causes five hundred writes.
func TestManySubscribersAreNotifiedOfWhatGathers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(1 << 20)
		var notified atomic.Int64
		for range 500 {
			u.join(func() { notified.Add(1) }, func() {})
		}
		line := func(bytes int) {
			b := &Batch{}
			b.add(Position{At: 1, Stream: Stdout}, false, make([]byte, bytes))
			u.lines(b)
		}
		line(10)
		require.EqualValues(t, 500, notified.Load(), "the first line waits")
		for range 5 {
			line(10)
		}
		require.EqualValues(t, 500, notified.Load(), "each line wakes everybody")
		time.Sleep(maxGather)
		synctest.Wait()
		require.EqualValues(t, 1000, notified.Load(), "what gathered isn't delivered in time")
		for range 2 {
			line(10)
			line(batchBytes)
		}
		require.EqualValues(t, 2000, notified.Load(), "much waits")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.EqualValues(t, 2000, notified.Load(), "nothing came")
		line(10)
		line(10)
		u.finish(nil)
		require.EqualValues(t, 3000, notified.Load(), "the end waits")
	})
}

// A few subscribers are notified of each line.
func TestAFewSubscribersAreNotifiedOfEachLine(t *testing.T) {
	t.Parallel()
	u := newUpstream(1 << 20)
	notified := 0
	for range fewSubscribers {
		u.join(func() { notified++ }, func() {})
	}
	for n := range 10 {
		b := &Batch{}
		b.add(Position{At: int64(n), Stream: Stdout}, false, []byte("line"))
		u.lines(b)
	}
	require.Equal(t, 10*fewSubscribers, notified)
}
