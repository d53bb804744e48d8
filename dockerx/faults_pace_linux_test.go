package dockerx

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOthersKeepTheirPaceDuringFaults measures a figure of `make bench-hosts`: the answer times of other hosts, before and
// during a fault by turns, while a client keeps asking the faulty host.
func TestOthersKeepTheirPaceDuringFaults(t *testing.T) {
	if os.Getenv("BENCH_HOSTS") == "" {
		t.Skip("a figure, not a test: make bench-hosts takes it")
	}
	others := otherHosts(t)
	var allCalm, allHurt []time.Duration
	for name, f := range twelveFaults(t) {
		t.Run(name, func(t *testing.T) {
			fleet, edge := withEdge(t, f, others)
			var calm, hurt []time.Duration
			for range 3 {
				calm = append(calm, askOthers(t, fleet.Hosts()[1:], time.Second, asking(edge, time.Second))...)
				f.harm(edge)
				requireFault(t, edge, f.kinds)
				hurt = append(hurt, askOthers(t, fleet.Hosts()[1:], time.Second, asking(edge, time.Second))...)
				f.heal(edge)
				require.Eventually(t, func() bool { return healthy(edge) && edge.streamUp() }, time.Minute, 10*time.Millisecond)
			}
			allCalm, allHurt = append(allCalm, calm...), append(allHurt, hurt...)
			printPace(name, calm, hurt)
		})
	}
	printPace("all twelve", allCalm, allHurt)
	require.Less(t, float64(p99(allHurt)), 1.2*float64(p99(allCalm)))
}

func printPace(fault string, calm, hurt []time.Duration) {
	before, during := p99(calm), p99(hurt)
	_, _ = fmt.Fprintf(os.Stdout, "| others' p99 during %s | within 20 %% of before | %.2f× (%v / %v, %d answers) |\n", fault, float64(during)/float64(before), during, before, len(hurt))
}

// asking asks a host for its list a hundred times a second, without waiting for the answers, for the time lasting. It closes
// the channel when all answers have come.
func asking(h *Host, lasting time.Duration) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		var asked sync.WaitGroup
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for began := time.Now(); time.Since(began) < lasting; <-tick.C {
			asked.Go(func() { _, _ = h.List(context.Background()) })
		}
		asked.Wait()
	}()
	return done
}
