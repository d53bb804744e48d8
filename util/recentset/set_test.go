package recentset_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/util/recentset"
)

func TestTheFirstKeysMakeRoom(t *testing.T) {
	t.Parallel()
	s := recentset.New[int](3)
	require.False(t, s.Has(0))
	for _, key := range []int{0, 1, 0, 2, 3, 4} {
		s.Add(key)
		require.True(t, s.Has(key))
	}
	for key, has := range []bool{false, false, true, true, true, false} {
		require.Equal(t, has, s.Has(key), key)
	}
}
