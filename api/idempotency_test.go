package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/util/apperr"
)

// fill claims keys until there is no place, and returns how many there were.
func fill(t *testing.T, s *idempotencyStore, user string) int {
	t.Helper()
	for n := range maxAnswers + 1 {
		mine := &storedAnswer{done: make(chan struct{}), body: []byte("{}")}
		if _, err := s.claim(user, fmt.Sprint("key", n), mine); err != nil {
			require.Equal(t, apperr.TooMany, apperr.KindOf(err))
			return n
		}
		s.finish(user, fmt.Sprint("key", n), mine)
	}
	return maxAnswers + 1
}

func TestNoUserFillsThePlacesOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s idempotencyStore
		require.Equal(t, maxAnswersOfUser, fill(t, &s, "greedy"))
		require.Equal(t, maxAnswersOfUser, fill(t, &s, "another"))
		for i := range maxAnswers/maxAnswersOfUser - 2 {
			fill(t, &s, fmt.Sprint("user", i))
		}
		require.Equal(t, maxAnswers, s.total)
		require.Zero(t, fill(t, &s, "late"), "the whole is bounded too")
		time.Sleep(answerLife + time.Second)
		require.Equal(t, maxAnswersOfUser, fill(t, &s, "late"), "what has expired makes room")
		require.Equal(t, maxAnswersOfUser, s.total)
	})
}

func TestFailedRunFreesItsPlace(t *testing.T) {
	t.Parallel()
	var s idempotencyStore
	mine := &storedAnswer{done: make(chan struct{})}
	_, err := s.claim("user", "key", mine)
	require.NoError(t, err)
	s.finish("user", "key", mine)
	require.Zero(t, s.total)
	require.Empty(t, s.users)
}
