package dockerapi

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/service"
	"wharf/service/terminal"
	"wharf/util/apperr"
)

func TestExecsAreBoundedAndForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s execs
		hong, kim := service.Actor{UserID: uuid.New(), SessionID: uuid.New()}, service.Actor{UserID: uuid.New(), SessionID: uuid.New()}
		var all []*exec
		for range execsPerCaller {
			_, err := s.enter(hong)
			require.NoError(t, err)
			all = append(all, s.add(hong, &exec{}))
		}
		_, err := s.enter(hong)
		require.Equal(t, apperr.TooMany, apperr.KindOf(err))
		leave, err := s.enter(kim)
		require.NoError(t, err, "each caller for itself")
		leave()

		require.True(t, all[0].begin())
		require.False(t, all[0].begin(), "only once")
		require.Nil(t, all[0].terminal(t.Context(), time.Second), "not open within the patience")
		running, code := all[0].state()
		require.False(t, running)
		require.Nil(t, code)
		time.Sleep(execKept + time.Second)
		_, err = s.enter(hong)
		require.NoError(t, err)
		require.Equal(t, all[0], s.find(hong, all[0].id), "one that runs is kept")
		require.Nil(t, s.find(hong, all[1].id))

		all[0].finish(terminal.Status{Exited: true, Code: 3})
		all[0].finish(terminal.Status{})
		_, code = all[0].state()
		require.Equal(t, 3, *code, "the first end counts")
		require.Nil(t, all[0].terminal(t.Context(), time.Hour), "after its end nobody waits")
		require.Nil(t, s.find(kim, all[0].id))
		time.Sleep(execKept + time.Second)
		_, err = s.enter(kim)
		require.NoError(t, err)
		require.Nil(t, s.find(hong, all[0].id))
	})
}
