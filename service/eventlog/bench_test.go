package eventlog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/service/eventlog"
)

// BenchmarkAppend measures events per second from Publish to a committed, delivered record.
func BenchmarkAppend(b *testing.B) {
	for name, source := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteSource, "postgres": dbtest.PostgresSource} {
		b.Run(name, func(b *testing.B) {
			l, stop := start(b, dbtest.Open(b, source(b)), eventlog.Options{Pending: 1 << 20, Patience: 1 << 40})
			began := time.Now()
			for n := range b.N {
				l.Publish(event("h", n))
			}
			stop()
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "events/s")
			require.Zero(b, l.Pending())
		})
	}
}
