package dockerx

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// isolation records whether this process is cut off from hosts that other processes reach.
type isolation struct {
	found atomic.Bool
	// every is the time between checks, after is how long this process's hosts must have been down.
	every, after time.Duration
}

const (
	isolationEvery = 2500 * time.Millisecond
	isolationAfter = 10 * time.Second
	isolationTries = 3 // other processes' hosts to try in one check
)

// Isolated reports whether this process is cut off: nearly all hosts that it leads are down, and hosts that are up according
// to the processes that lead them don't answer it either. It remains isolated until one of those answers, or none of them is
// up. Without Options.Led it is never isolated.
func (f *Fleet) Isolated() bool { return f.isolation.found.Load() }

// watchIsolation checks for isolation regularly until ctx ends.
func (f *Fleet) watchIsolation(ctx context.Context) {
	tick := time.NewTicker(f.isolation.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f.lookForIsolation(ctx)
		}
	}
}

func (f *Fleet) lookForIsolation(ctx context.Context) {
	down, others := f.reach()
	was := f.Isolated()
	is := (was || down) && len(others) > 0 && !anyAnswers(ctx, others)
	if is == was || ctx.Err() != nil {
		return
	}
	f.isolation.found.Store(is)
	if is {
		f.opts.Logger.Warn().Msg("hosts that other replicas reach can't be reached from here: these read the events until they can")
	} else {
		f.opts.Logger.Info().Msg("hosts can be reached from here again")
	}
}

// reach reports whether at least nine in ten of the hosts led here have been down for isolation.after, and returns up to
// isolationTries random hosts that are up according to the processes that lead them.
func (f *Fleet) reach() (down bool, others []*Host) {
	led, lost := 0, 0
	for _, h := range f.Hosts() {
		if s := h.elsewhere(); s != nil {
			if s.State == HostUp {
				others = append(others, h)
			}
			continue
		}
		if !h.leads() {
			continue
		}
		led++
		if state, since, _, _ := h.health.current(); state == HostDown && time.Since(since) >= f.isolation.after {
			lost++
		}
	}
	rand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	return led > 0 && 10*lost >= 9*led, others[:min(len(others), isolationTries)]
}

// anyAnswers pings hosts concurrently, each within its ping deadline, and reports whether one answered.
func anyAnswers(ctx context.Context, hosts []*Host) bool {
	var (
		asking   sync.WaitGroup
		answered atomic.Bool
	)
	for _, h := range hosts {
		asking.Go(func() {
			if _, err := h.connect(ctx); err == nil {
				answered.Store(true)
			}
		})
	}
	asking.Wait()
	return answered.Load()
}
