package edge

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stuckWriter accepts nothing until its deadline.
type stuckWriter struct {
	*httptest.ResponseRecorder
	mu      sync.Mutex
	writing chan struct{} // closed at the first write
	expired chan struct{} // closed when a deadline in the past is set
}

func newStuckWriter() *stuckWriter {
	return &stuckWriter{ResponseRecorder: httptest.NewRecorder(), writing: make(chan struct{}), expired: make(chan struct{})}
}

func (w *stuckWriter) SetWriteDeadline(at time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !at.After(time.Now()) {
		select {
		case <-w.expired:
		default:
			close(w.expired)
		}
	}
	return nil
}

func (w *stuckWriter) Write([]byte) (int, error) {
	close(w.writing)
	<-w.expired
	return 0, http.ErrHandlerTimeout
}

// Unread answers may hold 32 MiB together: beyond that the oldest is cut off to make room for the next.
func TestUnreadAnswersAreBoundedTogether(t *testing.T) {
	t.Parallel()
	var u unreadAnswers
	var all sync.WaitGroup
	var stuck []*stuckWriter
	answer := make([]byte, unreadBytes/4)
	for range 12 {
		w := newStuckWriter()
		rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: time.Hour, unread: &u}
		all.Go(func() { _, _ = rec.Write(answer) })
		<-w.writing
		stuck = append(stuck, w)
	}
	for i, w := range stuck {
		if i < 8 {
			<-w.expired // the answer was cut off; otherwise this waits for ever
			continue
		}
		select {
		case <-w.expired:
			require.Fail(t, "cut off though there is room", "%d", i)
		default:
		}
	}
	u.mu.Lock()
	require.LessOrEqual(t, u.held, unreadBytes)
	u.mu.Unlock()
	for _, w := range stuck[8:] {
		require.NoError(t, w.SetWriteDeadline(time.Now()))
	}
	all.Wait()
	require.Zero(t, u.held)
	require.Empty(t, u.all)
}

// An answer that was cut off before its first write doesn't write.
func TestAnswerCutOffBeforeItsWriteEnds(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: time.Hour}
	var u unreadAnswers
	rec.unread = &u
	first := u.enter(unreadBytes, func() {})
	u.enter(unreadBytes, func() {})
	require.True(t, first.cut.Load())
	u.leave(first)
	require.Equal(t, unreadBytes, u.held)
}
