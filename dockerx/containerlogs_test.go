package dockerx

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
)

// onLogDrivers runs a test with each log driver whose logs engines can read.
func onLogDrivers(t *testing.T, f func(t *testing.T, e dockertest.Engine, h *Host, driver string)) {
	t.Helper()
	e := dockertest.DefaultEngine(t)
	for _, driver := range []string{"json-file", "local"} {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			f(t, e, hostOf(t, engineConfig(e)), driver)
		})
	}
}

func sourceOf(t *testing.T, h *Host, id string) logs.Source {
	t.Helper()
	d, err := h.Resolve(t.Context(), ref(t, id))
	require.NoError(t, err)
	src, err := h.LogSource(d)
	require.NoError(t, err)
	return src
}

// numberOf returns the number at the beginning of a line of the app's command "lines".
func numberOf(t *testing.T, text []byte) int {
	t.Helper()
	require.GreaterOrEqual(t, len(text), 10, "%q", text)
	n, err := strconv.Atoi(string(text[:9]))
	require.NoError(t, err, "%.40q", text)
	return n
}

// readNumbers reads a range and returns the lines' numbers and positions.
func readNumbers(t *testing.T, src logs.Source, r logs.Range) (numbers []int, positions []logs.Position, gaps []logs.Gap) {
	t.Helper()
	require.NoError(t, logs.Read(t.Context(), src, r, func(b *logs.Batch, g *logs.Gap) error {
		if g != nil {
			gaps = append(gaps, *g)
		}
		for i := range b.Lines {
			numbers = append(numbers, numberOf(t, b.Text(i)))
			positions = append(positions, b.Lines[i].Position)
		}
		return nil
	}))
	return numbers, positions, gaps
}

// awaitLines waits until the last line of a container's log has the number last.
func awaitLines(t *testing.T, src logs.Source, last int) {
	t.Helper()
	require.Eventually(t, func() bool {
		b, err := logs.ReadTail(context.Background(), src, 1, time.Time{})
		return err == nil && len(b.Lines) == 1 && strings.HasPrefix(string(b.Text(0)), fmt.Sprintf("%09d ", last))
	}, 60*time.Second, 20*time.Millisecond)
}

func requireSequence(t *testing.T, numbers []int, from, to int) {
	t.Helper()
	require.Len(t, numbers, to-from)
	for i, n := range numbers {
		if n != from+i {
			require.Failf(t, "out of order", "line %d at place %d: %v", n, i, numbers[max(0, i-3):min(len(numbers), i+3)])
		}
	}
}

func TestLongLinesOfALogAreWhole(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, h *Host, driver string) {
		t.Helper()
		src := sourceOf(t, h, e.Run(t, dockertest.Spec{Cmd: []string{"lines", "50", "0", "5"}, LogDriver: driver}))
		awaitLines(t, src, 49)
		n := 0
		require.NoError(t, logs.Read(t.Context(), src, logs.Range{All: true}, func(b *logs.Batch, _ *logs.Gap) error {
			for i := range b.Lines {
				require.Equal(t, n, numberOf(t, b.Text(i)))
				want := 99
				if n%5 == 4 {
					want = 40_000 - 1
				}
				require.Len(t, b.Text(i), want, "line %d", n)
				n++
			}
			return nil
		}))
		require.Equal(t, 50, n)
	})
}

func TestResumeGivesExactlyTheLinesAfterEachPosition(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, h *Host, driver string) {
		t.Helper()
		const lines = 12_000
		src := sourceOf(t, h, e.Run(t, dockertest.Spec{Cmd: []string{"lines", strconv.Itoa(lines), "0", "700"}, LogDriver: driver}))
		awaitLines(t, src, lines-1)
		numbers, positions, gaps := readNumbers(t, src, logs.Range{All: true})
		require.Empty(t, gaps)
		requireSequence(t, numbers, 0, lines)
		for _, i := range []int{0, 1, 698, 699, 700, 6_000, 11_700, 11_990, lines - 2, lines - 1} {
			got, _, gaps := readNumbers(t, src, logs.Range{After: &positions[i]})
			require.Empty(t, gaps, "after line %d", i)
			requireSequence(t, got, i+1, lines)
		}
		before, err := logs.ReadBefore(t.Context(), src, positions[5_000], 10)
		require.NoError(t, err)
		require.Len(t, before.Lines, 10)
		require.Equal(t, positions[4_990:5_000], positionsOf(before))
		tail, err := logs.ReadTail(t.Context(), src, 500, time.Time{})
		require.NoError(t, err)
		require.Equal(t, positions[lines-500:], positionsOf(tail))
		since, _, _ := readNumbers(t, src, logs.Range{Since: positions[3_000].Time(), Until: positions[3_100].Time()})
		requireSequence(t, since, 3_000, 3_101)
	})
}

func positionsOf(b *logs.Batch) []logs.Position {
	all := make([]logs.Position, len(b.Lines))
	for i := range b.Lines {
		all[i] = b.Lines[i].Position
	}
	return all
}

func TestAPositionThatWasRotatedAwayIsAGap(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, h *Host, driver string) {
		t.Helper()
		src := sourceOf(t, h, e.Run(t, dockertest.Spec{
			Cmd: []string{"lines", "3000"}, LogDriver: driver, LogOptions: map[string]string{"max-size": "20k", "max-file": "3"},
		}))
		awaitLines(t, src, 2_999)
		first := logs.Position{At: time.Now().Add(-time.Hour).UnixNano(), Sum: 1, Stream: logs.Stdout}
		numbers, _, gaps := readNumbers(t, src, logs.Range{After: &first})
		require.Len(t, gaps, 1)
		require.Equal(t, logs.ReasonRotated, gaps[0].Reason)
		require.Positive(t, numbers[0], "the first line is still there: nothing was rotated away")
		requireSequence(t, numbers, numbers[0], 3_000)
	})
}

func TestATerminalsLogIsCutIntoLines(t *testing.T) {
	t.Parallel()
	onLogDrivers(t, func(t *testing.T, e dockertest.Engine, h *Host, driver string) {
		t.Helper()
		src := sourceOf(t, h, e.Run(t, dockertest.Spec{Cmd: []string{"lines", "60", "0", "7"}, LogDriver: driver, TTY: true}))
		awaitLines(t, src, 59)
		n := 0
		require.NoError(t, logs.Read(t.Context(), src, logs.Range{All: true}, func(b *logs.Batch, _ *logs.Gap) error {
			for i := range b.Lines {
				require.Equal(t, n, numberOf(t, b.Text(i)))
				want := 99
				if n%7 == 6 {
					want = 40_000 - 1
				}
				require.Len(t, b.Text(i), want, "line %d", n)
				n++
			}
			return nil
		}))
		require.Equal(t, 60, n)
	})
}
