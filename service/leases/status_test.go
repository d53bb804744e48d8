package leases

import (
	"context"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
)

// observer is a replica that records the statuses of other replicas' hosts.
type observer struct {
	*Leases
	hosts []string
	found map[string]string
}

func newObserver(t *testing.T, source, server string, hosts ...string) *observer {
	t.Helper()
	o := &observer{hosts: hosts, found: map[string]string{}}
	o.Leases = New(dbtest.Open(t, source), Options{
		Logger: zerolog.Nop(), Server: server, Hosts: func() []string { return o.hosts },
		Begin: func(string, int64) {}, End: func(context.Context, []string) {},
		Status: func(host string) string { return host + " by " + server },
		Found:  func(host, status string) { o.found[host] = status },
	})
	return o
}

// rounds runs rounds until there is nothing left to do.
func (o *observer) rounds(t *testing.T) {
	t.Helper()
	for again := true; again; {
		var err error
		again, err = o.round(t.Context())
		require.NoError(t, err)
	}
}

// An owner that has lost a lease finds that out, and the new owner's status, in one beat.
func TestTheStatusOfAHostThatWasTakenIsFound(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, b := newObserver(t, source, "a", "h"), newObserver(t, source, "b", "h")
	a.rounds(t)
	require.True(t, a.Owns("h"))
	b.rounds(t)
	require.False(t, b.Owns("h"))
	require.NoError(t, b.apply(t.Context(), nil, []move{{host: "h", epoch: a.held["h"], to: b.id}}, nil))
	b.rounds(t) // it owns the host
	b.rounds(t) // and writes its status
	a.rounds(t)
	require.Equal(t, map[string]string{"h": "h by b"}, a.found)
	require.False(t, a.Owns("h"))
}

// A status that was written before the host was in this replica's settings.
func TestTheStatusOfAHostThatComesLaterIsFound(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	a, b := newObserver(t, source, "a", "g", "h"), newObserver(t, source, "b", "g")
	a.rounds(t)
	a.rounds(t)
	known := b.opts.Found
	b.opts.Found = func(host, status string) {
		if host == "g" {
			known(host, status)
		}
	}
	b.rounds(t)
	b.hosts, b.opts.Found = append(b.hosts, "h"), known
	b.rounds(t)
	require.Equal(t, "h by a", b.found["h"])
}
