package operations

import (
	"testing"
	"time"

	"wharf/dockerx/containers"

	"github.com/stretchr/testify/require"
)

// Each row is complete, and parameters of another type than its call's are rejected.
func TestOperationsRowsAreWhole(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, row := range rows {
		require.False(t, names[row.Name], row.Name)
		names[row.Name] = true
		require.NotZero(t, row.Need, row.Name)
		require.NotZero(t, row.Outcome, row.Name)
		require.NotEmpty(t, row.Doing, row.Name)
		require.NotEmpty(t, row.causes, row.Name)
		require.NotNil(t, row.call.do, row.Name)
		require.Positive(t, row.Deadline(&containers.Details{}, row.call.params), row.Name)
	}
	err := Operation{Name: "start", Params: Kill{}}.Check()
	require.ErrorContains(t, err, "takes operations.None, got operations.Kill")
}

// The deadline allows for the time that the container may take to stop.
func TestGraceFollowsTheContainersOwnSetting(t *testing.T) {
	t.Parallel()
	seconds := func(n int) *int { return &n }
	for _, c := range []struct {
		own, asked *int
		want       time.Duration
	}{
		{nil, nil, defaultGrace},
		{seconds(3), nil, 3 * time.Second},
		{seconds(3), seconds(0), 0},
		{nil, seconds(-1), maxGrace},
		{seconds(1 << 40), nil, maxGrace},
	} {
		require.Equal(t, c.want, grace(&containers.Details{StopTimeout: c.own}, Stop{Timeout: c.asked}))
	}
}
