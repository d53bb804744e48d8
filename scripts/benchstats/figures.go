package main

import (
	"fmt"
	"slices"
	"time"
)

// measurement is one run.
type measurement struct {
	engine      *engine
	binary, dir string
	watch       time.Duration
	noStream    time.Duration // of docker stats --no-stream, with the last number of containers
	missed      int
}

// row prints a figure and the limit that it must keep.
func (b *measurement) row(what, figure, mark string, ok bool) {
	verdict := "ok"
	if !ok {
		verdict = "MISSED"
		b.missed++
	}
	fmt.Printf("%-58s %-44s %-26s %s\n", what, figure, mark, verdict)
}

// plainRow prints a figure without a limit.
func (b *measurement) plainRow(what, figure string) { fmt.Printf("%-58s %s\n", what, figure) }

func median(all []time.Duration) time.Duration { return percentile(all, 50) }

func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.0f ms", float64(d)/1e6)
}

func ratio(a, b time.Duration) float64 { return float64(a) / float64(b) }

// repeat takes a measurement n times.
func repeat(n int, f func() (time.Duration, error)) ([]time.Duration, error) {
	all := make([]time.Duration, n)
	for i := range all {
		var err error
		if all[i], err = f(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
