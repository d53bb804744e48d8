package benchkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// CPU returns the CPU time that the process has used so far, in all threads. It reads the scheduler's counters of each thread, which
// are exact; the counter of the whole process is rounded down to 10 ms.
func (p *Process) CPU() time.Duration {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.PID()))
	require.NoError(p.t, err)
	var sum time.Duration
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		n, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		require.NoError(p.t, err)
		sum += time.Duration(n)
	}
	return sum
}

// Resident returns a figure of the process's memory in bytes: VmRSS is the current size, VmHWM the peak.
func (p *Process) Resident(field string) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	require.NoError(p.t, err)
	_, rest, _ := strings.Cut(string(b), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(p.t, err)
	return n << 10
}

// ResetPeak resets VmHWM to the current size.
func (p *Process) ResetPeak() {
	require.NoError(p.t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0))
}

// Descriptors returns how many files the process has open.
func (p *Process) Descriptors() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	require.NoError(p.t, err)
	return len(entries)
}
