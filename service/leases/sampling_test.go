package leases

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
)

// samples makes an observer sample hosts from now on.
func (o *observer) samples(t *testing.T, hosts ...string) {
	t.Helper()
	o.opts.Sampled = func() []string { return hosts }
	o.rounds(t)
}

// Replicas count each other as samplers of a host after a beat of each, and only while they sample it.
func TestSamplersOfAHostAreCounted(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, b := newObserver(t, source, "a", "g", "h"), newObserver(t, source, "b", "g", "h")
	a.samples(t, "h")
	b.samples(t)
	require.Equal(t, 1, a.Samplers("h"))
	require.Equal(t, 2, b.Samplers("h"), "it would be the second")
	require.Equal(t, 1, b.Samplers("g"))
	b.samples(t, "h", "g")
	a.rounds(t)
	require.Equal(t, 2, a.Samplers("h"))
	require.Equal(t, 2, a.Samplers("g"))
	b.samples(t, "g")
	a.rounds(t)
	require.Equal(t, 1, a.Samplers("h"))
	require.Equal(t, 2, a.Samplers("g"))
	require.NoError(t, b.resign(t.Context()))
	a.rounds(t)
	require.Equal(t, 1, a.Samplers("g"))
	require.Equal(t, 1, (*Leases)(nil).Samplers("g"))
}

// A living replica that was removed because it seemed dead writes its sampled hosts again.
func TestAReplicaThatComesBackIsASampler(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, b := newObserver(t, source, "a", "h"), newObserver(t, source, "b", "h")
	a.samples(t, "h")
	b.rounds(t)
	require.NoError(t, b.apply(t.Context(), nil, nil, []replica{{id: a.id, beat: 1 << 40}}))
	b.rounds(t)
	require.Equal(t, 1, b.Samplers("h"))
	a.rounds(t)
	b.rounds(t)
	require.Equal(t, 2, b.Samplers("h"))
}

// Sampled hosts that don't change are written and read once, however many beats there are.
func TestSampledHostsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, b := newObserver(t, source, "a", "h"), newObserver(t, source, "b", "h")
	a.samples(t, "h")
	b.rounds(t)
	dbtest.Exec(t, source, "UPDATE replicas SET sampled = 'g'")
	for range 3 {
		a.rounds(t)
		b.rounds(t)
	}
	require.Equal(t, 2, b.Samplers("h"), "what is in the database isn't read")
	require.Equal(t, "g", dbtest.Text(t, source, "SELECT sampled FROM replicas WHERE server = 'a'"))
}
