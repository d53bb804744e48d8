package idempotency

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

// fill claims keys until no place is left, and returns their number.
func fill(t *testing.T, s *Store, caller string) int {
	t.Helper()
	for n := range maxAnswers + 1 {
		mine := &run{done: make(chan struct{}), body: []byte("{}")}
		if _, err := s.claim(caller, fmt.Sprint("key", n), mine); err != nil {
			require.Equal(t, apperr.TooMany, apperr.KindOf(err))
			return n
		}
		s.finish(caller, fmt.Sprint("key", n), mine)
	}
	return maxAnswers + 1
}

func TestNoCallerFillsThePlacesOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s Store
		require.Equal(t, maxAnswersOfCaller, fill(t, &s, "greedy"))
		require.Equal(t, maxAnswersOfCaller, fill(t, &s, "another"))
		for i := range maxAnswers/maxAnswersOfCaller - 2 {
			fill(t, &s, fmt.Sprint("caller", i))
		}
		require.Equal(t, maxAnswers, s.total)
		require.Zero(t, fill(t, &s, "late"), "the whole is bounded too")
		time.Sleep(answerLife + time.Second)
		require.Equal(t, maxAnswersOfCaller, fill(t, &s, "late"), "what has expired makes room")
		require.Equal(t, maxAnswersOfCaller, s.total)
	})
}

func TestFailedRunFreesItsPlace(t *testing.T) {
	t.Parallel()
	var s Store
	mine := &run{done: make(chan struct{})}
	_, err := s.claim("caller", "key", mine)
	require.NoError(t, err)
	s.finish("caller", "key", mine)
	require.Zero(t, s.total)
	require.Empty(t, s.callers)
}
