package containers

import (
	"slices"

	"github.com/docker/docker/api/types/container"
)

// Processes are the processes of one container, as ps on the engine's host shows them, in its order.
type Processes struct {
	Titles []string   // of the columns: UID, PID, PPID, C, STIME, TTY, TIME, CMD; Podman's differ. Never nil.
	Rows   [][]string // each has a cell for each title. Never nil.
}

// FromTop converts an engine's answer to a top. Each row gets one cell for each title; surplus cells are appended to the
// last.
func FromTop(top container.TopResponse) *Processes {
	p := &Processes{Titles: orEmpty(top.Titles), Rows: make([][]string, 0, len(top.Processes))}
	for _, row := range top.Processes {
		cells := make([]string, len(p.Titles))
		copy(cells, row)
		if n := len(cells); n > 0 && len(row) > n {
			for _, rest := range slices.Clone(row[n:]) {
				cells[n-1] += " " + rest
			}
		}
		p.Rows = append(p.Rows, cells)
	}
	return p
}
