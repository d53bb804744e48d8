package logs

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A search reads a long log in windows from its end; with the driver local, the last window is the whole rest. Beyond the limit
// it is continued at its cursor. Every hit is found once, the newest first.
func TestASearchOfALongLogFindsEveryHitOnce(t *testing.T) {
	t.Parallel()
	const lines, every = 340_000, 20_000
	all, fakes := fakeContainers(t, 2)
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := map[string][]string{}
	for i, driver := range []string{"json-file", "local"} {
		all[i].Driver = driver
		for n := range lines {
			text := "nothing"
			if n%every == 7 {
				text = fmt.Sprintf("needle %d", n)
				want[driver] = append([]string{text}, want[driver]...)
			}
			fakes[i].append(began.Add(time.Duration(n)*time.Millisecond), text)
		}
	}
	found := map[string][]string{}
	q := SearchQuery{Filter: Filter{Grep: "needle"}, Limit: 20}
	require.NoError(t, q.Filter.Compile())
	for rounds := 0; ; rounds++ {
		require.Less(t, rounds, 3)
		result, err := Search(t.Context(), all, q, func(h Hit) error {
			found[h.Container.Driver] = append(found[h.Container.Driver], string(h.Batch.Text(h.Line)))
			return nil
		}, func(Progress) error { return nil })
		require.NoError(t, err)
		require.Equal(t, make([]error, len(all)), result.Errors)
		if result.Complete {
			break
		}
		q.Before, err = ParseCursor(string(result.Places.Text()))
		require.NoError(t, err)
	}
	require.Equal(t, want, found)
}
