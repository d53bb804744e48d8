package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/dockerx/dockertest"
)

// A replica that is cut off from the hosts hands them over to one that reaches them, without loss, and later takes its share again.
func TestAReplicaThatIsCutOffFromTheHostsLeavesThemToAnother(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 4)
	var relays []*dockertest.Proxy
	var names []string
	for n, d := range r.daemons {
		p := dockertest.NewProxy(t, "tcp", strings.TrimPrefix(d.Addr(), "tcp://"))
		relays = append(relays, p)
		names = append(names, fmt.Sprintf("h%d=tcp://%s", n, p.Addr()))
	}
	a := r.start()
	r.awaitReaders()
	r.emit() // without any event, an engine can't show that none was missed while its lease moved
	r.awaitAll(r.follow(a))
	r.env = append(r.env, "DOCKER_HOSTS="+strings.Join(names, ","))
	b := r.start()
	through := func() (n int) {
		for _, p := range relays {
			n += p.Connections()
		}
		return n
	}
	require.Eventually(t, func() bool { return through() > 0 }, time.Minute, 10*time.Millisecond)
	r.awaitReaders()
	shown := []*reception{r.follow(a), r.follow(b)}
	r.emit()
	r.awaitAll(shown[0])

	for _, p := range relays {
		p.Refuse(true)
		p.Cut()
	}
	for range 20 {
		r.emit()
	}
	r.awaitAll(shown[0])
	r.awaitAll(shown[1])
	r.awaitReaders()
	require.Eventually(t, func() bool {
		hosts, err := b.as("").ListHostStatus(t.Context(), dto.HostQuery{})
		require.NoError(t, err)
		return !slices.ContainsFunc(hosts, func(h dto.HostStatus) bool { return h.Status != "up" })
	}, time.Minute, 10*time.Millisecond, "as their owner has it, which comes with the replicas' next beats")

	for _, p := range relays {
		p.Refuse(false)
	}
	require.Eventually(t, func() bool { return through() >= len(relays)/2 }, time.Minute, 10*time.Millisecond, "it reads hosts again")
	r.awaitReaders()
	r.emit()
	r.awaitAll(shown[0])
	r.awaitAll(shown[1])
}
