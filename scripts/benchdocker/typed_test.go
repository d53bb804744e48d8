package benchdocker

import (
	"bufio"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// TestPs compares docker ps through wharf and on the engine, in turns.
func TestPs(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	containers := benchkit.Size(3, 20)
	for range containers {
		f.engine.Run(t, dockertest.Spec{Labels: map[string]string{"bench": "docker"}})
	}
	took := map[bool][]time.Duration{}
	for range benchkit.Size(3, 40) {
		for _, through := range []bool{false, true} {
			cmd := f.docker(t, through, "ps", "-q", "--filter", "label=bench=docker")
			began := time.Now()
			out, err := cmd.Output()
			took[through] = append(took[through], time.Since(began))
			require.NoError(t, err)
			require.Len(t, strings.Fields(string(out)), containers)
		}
	}
	slices.Sort(took[false])
	slices.Sort(took[true])
	direct, through := took[false][len(took[false])/2], took[true][len(took[true])/2]
	ratio := float64(through) / float64(direct)
	benchkit.Figure("docker ps through wharf against directly, p50 of wall time", "≤ 1.3×", "%.2f× (%.1f ms against %.1f ms)", ratio, ms(through), ms(direct))
	benchkit.Within(t, ratio <= 1.3, "docker ps through wharf takes too long")
}

// TestLogs compares the delay of lines in docker logs -f, through wharf and on the engine at the same time. The delay counts from
// the engine's timestamp of each line.
func TestLogs(t *testing.T) {
	benchkit.Parallel(t)
	f := newFixture(t)
	lines := benchkit.Size(50, 2000)
	id := f.engine.Run(t, dockertest.Spec{Cmd: []string{"lines", "1000000", "100"}})
	delays := map[bool][]time.Duration{}
	var mu sync.Mutex
	var reading sync.WaitGroup
	for _, through := range []bool{false, true} {
		cmd := f.docker(t, through, "logs", "-f", "-t", "--tail", "0", id)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		reading.Go(func() {
			var all []time.Duration
			for scan := bufio.NewScanner(out); len(all) < lines && scan.Scan(); {
				came := time.Now()
				stamp, _, _ := strings.Cut(scan.Text(), " ")
				at, err := time.Parse(time.RFC3339Nano, stamp)
				if err != nil {
					break
				}
				all = append(all, came.Sub(at))
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			mu.Lock()
			defer mu.Unlock()
			delays[through] = all
		})
	}
	reading.Wait()
	require.Len(t, delays[false], lines)
	require.Len(t, delays[true], lines)
	slices.Sort(delays[false])
	slices.Sort(delays[true])
	direct, through := delays[false][lines/2], delays[true][lines/2]
	benchkit.Figure("docker logs -f through wharf, added to a line's delay, p50", "≤ 2 ms", "%.2f ms (%.2f ms against %.2f ms)", ms(through-direct), ms(through), ms(direct))
	benchkit.Within(t, through-direct <= 2*time.Millisecond, "lines come too late through wharf")
}
