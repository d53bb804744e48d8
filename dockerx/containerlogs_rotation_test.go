package dockerx

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
)

// If the only file of a log is truncated, by the engine when it is full or by another program, a reader that resumes after a
// line of it gets one gap.
func TestALogThatWasEmptiedIsOneGap(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	h := hostOf(t, engineConfig(e))
	for name, c := range map[string]struct {
		options map[string]string
		empty   func(path string) error
	}{
		"by the engine":     {map[string]string{"max-size": "20k", "max-file": "1"}, func(string) error { return nil }},
		"by a cleaning job": {nil, func(path string) error { return os.Truncate(path, 0) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const lines = 2_000
			id := e.Run(t, dockertest.Spec{Cmd: []string{"lines", "2000", "1000"}, LogDriver: "json-file", LogOptions: c.options})
			src := sourceOf(t, h, id)
			var seen *logs.Batch
			require.Eventually(t, func() bool {
				var err error
				seen, err = logs.ReadTail(t.Context(), src, 1, time.Time{})
				return err == nil && len(seen.Lines) == 1
			}, time.Minute, time.Millisecond)
			d, err := h.Resolve(t.Context(), ref(t, id))
			require.NoError(t, err)
			require.NoError(t, c.empty(d.Log.Path))
			awaitLines(t, src, lines-1)
			at := seen.Last()
			numbers, _, gaps := readNumbers(t, src, logs.Range{After: &at})
			require.Len(t, gaps, 1)
			require.Greater(t, numbers[0], numberOf(t, seen.Text(0)))
			requireSequence(t, numbers, numbers[0], lines)
		})
	}
}
