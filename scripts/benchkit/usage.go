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

// CPU is the CPU time that the process has used so far, in all threads. The scheduler's own counters are
// exact; those of a whole process are cut to 10 ms.
func (p *Process) CPU() time.Duration {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.PID()))
	require.NoError(p.t, err)
	var sum time.Duration
	for _, task := range tasks {
		b, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		n, err := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		require.NoError(p.t, err)
		sum += time.Duration(n)
	}
	return sum
}

// Resident is a number of the process's memory in bytes: VmRSS now, VmHWM at most so far.
func (p *Process) Resident(field string) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	require.NoError(p.t, err)
	_, rest, _ := strings.Cut(string(b), field+":")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(p.t, err)
	return n << 10
}

// ResetPeak has VmHWM count from now.
func (p *Process) ResetPeak() {
	require.NoError(p.t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID()), []byte("5"), 0))
}

// Descriptors is how many files the process has open.
func (p *Process) Descriptors() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID()))
	require.NoError(p.t, err)
	return len(entries)
}
