// Package benchkit is what the benchmarks beside it share: how large a run is, the table of figures, and
// the processes that are measured.
package benchkit

import (
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Full tells whether this is the benchmark at its full size, not the small run that is a test.
var Full bool

// Size picks a number by the kind of run.
func Size(small, large int) int {
	if Full {
		return large
	}
	return small
}

// Parallel has a small run's tests go on beside each other; the benchmark's run one by one.
func Parallel(t *testing.T) {
	t.Helper()
	if !Full {
		t.Parallel()
	}
}

// Within requires a figure of the benchmark; a test on a busy machine only prints it.
func Within(t testing.TB, ok bool, what string) {
	t.Helper()
	if Full {
		require.True(t, ok, what)
	}
}

// Header names the table's columns.
var Header = [3]string{"what", "must", "seen"}

var table struct {
	sync.Mutex
	rows [][3]string
}

// Figure adds a line to the table: what was measured, what it must be, and what was seen. The benchmark prints
// it at once as well, which tells how far a run came that never got to its end.
func Figure(what, must, seen string, args ...any) {
	table.Lock()
	defer table.Unlock()
	row := [3]string{what, must, fmt.Sprintf(seen, args...)}
	table.rows = append(table.rows, row)
	if Full {
		_, _ = fmt.Fprintf(os.Stdout, "%s: %s\n", row[0], row[2])
	}
}

// Main is a package's TestMain, which exits with the code: it runs the tests, at full size if the variable
// is set, and prints the table.
func Main(m *testing.M, variable string) (code int) {
	Full = os.Getenv(variable) != ""
	code = m.Run()
	printTable(os.Stdout)
	_ = os.RemoveAll(buildDir)
	return code
}

func printTable(out io.Writer) {
	if len(table.rows) == 0 {
		return
	}
	_, _ = fmt.Fprintf(out, "\n| %s | %s | %s |\n|---|---|---|\n", Header[0], Header[1], Header[2])
	for _, r := range table.rows {
		_, _ = fmt.Fprintf(out, "| %s | %s | %s |\n", r[0], r[1], r[2])
	}
}
