// Package benchkit holds what the benchmarks share: the size of a run, the table of figures, and the measured processes.
package benchkit

import (
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Full reports whether this is the benchmark at its full size, not the small run that is a test.
var Full bool

// Size returns the number for the kind of run.
func Size(small, large int) int {
	if Full {
		return large
	}
	return small
}

// Parallel lets the tests of a small run run in parallel. Those of the benchmark run one by one.
func Parallel(t *testing.T) {
	t.Helper()
	if !Full {
		t.Parallel()
	}
}

// Within requires a limit in the benchmark. In a test run, on a machine that may be busy, a miss is only printed.
func Within(t testing.TB, ok bool, what string) {
	t.Helper()
	if Full {
		require.True(t, ok, what)
	}
}

// Header holds the names of the table's columns.
var Header = [3]string{"what", "must", "seen"}

var table struct {
	sync.Mutex
	rows [][3]string
}

// Figure adds a line to the table: what was measured, the required value, and the measured one. The benchmark also prints it
// immediately, so that an aborted run shows how far it came.
func Figure(what, must, seen string, args ...any) {
	table.Lock()
	defer table.Unlock()
	row := [3]string{what, must, fmt.Sprintf(seen, args...)}
	table.rows = append(table.rows, row)
	if Full {
		_, _ = fmt.Fprintf(os.Stdout, "%s: %s\n", row[0], row[2])
	}
}

// Main is the body of a package's TestMain. It runs the tests, at full size if the environment variable is set, prints the table and
// returns the exit code.
func Main(m *testing.M, variable string) (code int) {
	Full = os.Getenv(variable) != ""
	code = m.Run()
	printTable(os.Stdout)
	RemoveBinary()
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
