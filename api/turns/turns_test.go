package turns

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

// taken takes all turns.
func taken(t *testing.T, s *Turnstile) (all []func()) {
	t.Helper()
	for range cap(s.turns) {
		done, err := s.Enter(t.Context())
		require.NoError(t, err)
		all = append(all, done)
	}
	return all
}

func TestTurnThatNeverComesIsTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New()
		all := taken(t, s)
		began := time.Now()
		_, err := s.Enter(t.Context())
		require.Equal(t, apperr.TooMany, apperr.KindOf(err))
		require.Equal(t, turnWait, time.Since(began))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Enter(ctx)
		require.ErrorIs(t, err, context.Canceled)
		for _, done := range all {
			done()
			done() // a second call must not free a second turn
		}
		require.Empty(t, s.turns)
	})
}

// While others wait, the next turn begins only after a pause as long as the last turn, up to longestRest; otherwise at once.
func TestTurnsThatOthersWaitForRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New()
		all := taken(t, s)
		time.Sleep(time.Second)
		got := make(chan time.Time)
		go func() {
			done, err := s.Enter(t.Context())
			got <- time.Now()
			if err == nil {
				done()
			}
		}()
		synctest.Wait()
		ended := time.Now()
		all[0]()
		require.Equal(t, longestRest, (<-got).Sub(ended))
		for _, done := range all[1:] {
			done()
		}
		synctest.Wait()
		require.Empty(t, s.turns)
	})
}

// A client that reads slowly keeps no turn, however the answer begins.
func TestTurnEndsWhenTheAnswerBegins(t *testing.T) {
	t.Parallel()
	begin := map[string]func(http.ResponseWriter){
		"header": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
		"body":   func(w http.ResponseWriter) { _, _ = w.Write([]byte("{}")) },
	}
	for name, answer := range begin {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			err := s.Serve(&held{t: t, turns: s, ResponseRecorder: httptest.NewRecorder()}, r, "caller", func(w http.ResponseWriter) error {
				require.Len(t, s.turns, 1)
				answer(w)
				return nil
			})
			require.NoError(t, err)
			require.Empty(t, s.turns)
			require.Empty(t, s.places.held)
		})
	}
}

// held fails the test if a turn is still taken while the client reads its answer.
type held struct {
	*httptest.ResponseRecorder
	t     *testing.T
	turns *Turnstile
}

func (w *held) Write(p []byte) (int, error) {
	require.Empty(w.t, w.turns.turns)
	return w.ResponseRecorder.Write(p)
}
