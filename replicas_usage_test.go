package main_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
)

// sampled returns how many samples a fake engine was asked for.
func sampled(d *dockertest.Daemon) (n int) {
	for _, r := range d.Requests() {
		if strings.HasSuffix(r.Path, "/stats") {
			n++
		}
	}
	return n
}

// watchUsage starts a client of a replica that watches the usage of all containers of a host until the test ends.
func (r *replicas) watchUsage(p *process, host string) {
	ctx, cancel := context.WithCancel(context.Background())
	first, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c, seen := client.New(p.url, client.Options{}), false
		for _, err := range c.StreamHostUsage(ctx, host, dto.UsageQuery{}) {
			if err != nil {
				return
			}
			if !seen {
				seen = true
				close(first)
			}
		}
	}()
	r.t.Cleanup(func() { cancel(); <-ended })
	select {
	case <-first:
	case <-time.After(time.Minute):
		require.FailNow(r.t, "no usage of "+host)
	}
}

// awaitBeats waits for n more beats of every replica.
func (r *replicas) awaitBeats(n int64) {
	r.t.Helper()
	source := strings.TrimPrefix(r.env[0], "DB_SOURCE=")
	least := func() int64 {
		beats, err := strconv.ParseInt(dbtest.Text(r.t, source, "SELECT min(beat) FROM replicas"), 10, 64)
		require.NoError(r.t, err)
		return beats
	}
	until := least() + n
	require.Eventually(r.t, func() bool { return least() >= until }, time.Minute, 50*time.Millisecond)
}

// Two replicas on which the usage of one host is watched take no more samples of it than one replica may.
func TestReplicasShareTheBudgetOfAHost(t *testing.T) {
	t.Parallel()
	r := newReplicas(t, 1)
	const containers, asked = 4, 32
	for range containers {
		r.daemons[0].Add(dockertest.Container{State: "running"})
	}
	const perSecond = 4.0 // each takes 2.7 ms: the rate that the budget allows for an engine like the fake
	r.env = append(r.env, "STATS_SOURCE=engine", "STATS_BUDGET="+strconv.FormatFloat(0.0027*perSecond, 'f', -1, 64))
	a, b := r.start(), r.start()
	r.watchUsage(a, "h0")
	r.watchUsage(b, "h0")
	r.awaitBeats(3) // each has announced that it samples, and has read this of the other
	before, began := sampled(r.daemons[0]), time.Now()
	require.Eventually(t, func() bool { return sampled(r.daemons[0])-before >= asked }, 2*time.Minute, 10*time.Millisecond)
	least := time.Duration((asked - 3*containers) / perSecond * float64(time.Second)) // without rounds already due, and one for the clocks
	require.Greater(t, time.Since(began), least, "as few as one replica alone asks for")
}
