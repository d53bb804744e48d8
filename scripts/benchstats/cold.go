package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"
)

const stat3 = "/stat3/bench"

// measureCold compares the first answers of a fresh wharf with `docker stats --no-stream`.
func (b *measurement) measureCold(ctx context.Context, n int) error {
	kernel, api := times{rows: true, whole: true}, times{rows: true, whole: true}
	var all []time.Duration
	for range 3 { // in turns, so that other work on the machine affects all of them
		took, err := b.engine.noStream(ctx)
		if err == nil {
			err = b.coldTimes(ctx, n, "engine", &api)
		}
		if err == nil {
			err = b.coldTimes(ctx, n, "kernel", &kernel)
		}
		if err != nil {
			return err
		}
		all = append(all, took)
	}
	b.noStream = median(all)
	b.plainRow(fmt.Sprintf("docker stats --no-stream, %d containers", n), fmt.Sprintf("%s (max %s)", ms(b.noStream), ms(percentile(all, 100))))
	b.row(fmt.Sprintf("stat3 cold, kernel source, %d", n), kernel.first(b.noStream), "<= 0.4 s and <= 0.12x",
		kernel.whole && median(kernel.cold) <= 400*time.Millisecond && ratio(median(kernel.cold), b.noStream) <= 0.12)
	b.coldRow(n, api)
	limit := 0.12
	if b.engine.major < 25 {
		limit = 0.6
	}
	b.row(fmt.Sprintf("stat3 again after 5 s, nothing sampled, API source, %d", n), api.again(b.noStream),
		fmt.Sprintf("<= %.2fx", limit), ratio(median(api.second), b.noStream) <= limit)
	b.plainRow(fmt.Sprintf("stat3 again after 5 s, nothing sampled, kernel source, %d", n), kernel.again(b.noStream))
	return nil
}

func (b *measurement) coldRow(n int, api times) {
	var (
		mark string
		ok   bool
	)
	share := ratio(median(api.cold), b.noStream)
	switch {
	case b.engine.major < 25 && n <= 100:
		mark, ok = "all rows, <= 1.1x", api.rows && share <= 1.1
	case b.engine.major < 25:
		mark, ok = "all rows, never over 3.1 s", api.rows && percentile(api.cold, 100) <= 3100*time.Millisecond
	default:
		limit := 0.15
		if n > 50 {
			limit = 0.2
		}
		if n > 100 {
			limit = 0.3
		}
		mark, ok = fmt.Sprintf("all rows, <= %.2fx", limit), api.rows && share <= limit
	}
	b.row(fmt.Sprintf("stat3 cold, API source, %d", n), api.first(b.noStream), mark, ok)
}

// times are the times of several fresh processes.
type times struct {
	cold, second []time.Duration
	rows         bool // every answer had a row for each container
	whole        bool // and a sample in each row
}

func (t times) first(other time.Duration) string {
	text := fmt.Sprintf("%s = %.3fx (max %s)", ms(median(t.cold)), ratio(median(t.cold), other), ms(percentile(t.cold, 100)))
	if !t.whole {
		text += " partial"
	}
	return text
}

func (t times) again(other time.Duration) string {
	return fmt.Sprintf("%s = %.3fx", ms(median(t.second)), ratio(median(t.second), other))
}

// coldTimes asks a fresh wharf twice, the second time after it has stopped sampling.
func (b *measurement) coldTimes(ctx context.Context, n int, source string, t *times) error {
	s, err := b.startWharf(ctx, "unix://"+b.engine.socket, "STATS_SOURCE="+source, "STATS_IDLE=3s")
	if err != nil {
		return err
	}
	defer s.stop()
	first, took, err := s.get(ctx, stat3)
	if err != nil {
		return err
	}
	t.cold = append(t.cold, took)
	t.rows = t.rows && bytes.Count(first.body, []byte(`"cpu_percent"`)) >= n
	t.whole = t.whole && !first.partial
	time.Sleep(5 * time.Second)
	_, took, err = s.get(ctx, stat3)
	t.second = append(t.second, took)
	return err
}

// measureCrowd compares the engine's CPU time for 20 cold callers at once with that for one.
func (b *measurement) measureCrowd(ctx context.Context) error {
	spent := map[int]time.Duration{}
	for range 3 {
		for _, callers := range []int{1, 20} {
			s, err := b.startWharf(ctx, "unix://"+b.engine.socket, "STATS_SOURCE=engine", "STATS_IDLE=3s")
			if err != nil {
				return err
			}
			pids := b.engine.procs.pids()
			before := cpu(pids...)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() { _, _, _ = s.get(ctx, stat3) })
			}
			wg.Wait()
			time.Sleep(500 * time.Millisecond)
			spent[callers] += cpu(pids...) - before
			s.stop()
		}
	}
	share := ratio(spent[20], spent[1])
	b.row("20 cold callers at once, engine CPU", fmt.Sprintf("%s against %s = %.2fx", ms(spent[20]/3), ms(spent[1]/3), share), "<= 1.2x of one", share <= 1.2)
	return nil
}

// measureOne compares stat2 of one container, cold and warm, with one request with stream=false.
func (b *measurement) measureOne(ctx context.Context) error {
	single, err := repeat(3, func() (time.Duration, error) { return b.engine.one(ctx) })
	if err != nil {
		return err
	}
	path := "/stat2/bench/" + b.engine.ids[0][:12]
	for _, source := range []string{"kernel", "engine"} {
		var cold, warm []time.Duration
		for range 3 {
			s, err := b.startWharf(ctx, "unix://"+b.engine.socket, "STATS_SOURCE="+source)
			if err != nil {
				return err
			}
			_, took, err := s.get(ctx, path)
			if err != nil {
				return err
			}
			cold = append(cold, took)
			for range 200 {
				_, took, err := s.get(ctx, path)
				if err != nil {
					return err
				}
				warm = append(warm, took)
			}
			s.stop()
		}
		share := ratio(median(cold), median(single))
		if source == "kernel" {
			b.row("stat2 cold, kernel source", ms(median(cold)), "<= 0.3 s", median(cold) <= 300*time.Millisecond)
		} else {
			b.row("stat2 cold, API source", fmt.Sprintf("%s against %s = %.3fx", ms(median(cold)), ms(median(single)), share), "<= 1.05x stream=false", share <= 1.05)
		}
		b.row("stat2 warm, "+source+" source", fmt.Sprintf("p50 %s, p99 %s", ms(median(warm)), ms(percentile(warm, 99))), "<= 2 ms", median(warm) <= 2*time.Millisecond)
	}
	return nil
}
