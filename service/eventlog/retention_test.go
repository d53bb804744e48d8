package eventlog_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/service/eventlog"
)

// Retention runs again soon only after it has deleted many records.
func TestRetentionSaysWhetherTheLogGrowsFast(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		for n := range 900 {
			l.Publish(event("h", n))
		}
		stop()
		short := eventlog.New(d, eventlog.Options{Max: 200})
		for _, fast := range []bool{true, false} { // 700 too many, then none
			full, err := short.DeleteExpired(t.Context())
			require.NoError(t, err)
			require.Equal(t, fast, full)
		}
		full, err := eventlog.New(d, eventlog.Options{Max: 100}).DeleteExpired(t.Context())
		require.NoError(t, err)
		require.False(t, full, "100 too many are no full step")
	})
}
