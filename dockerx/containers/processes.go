package containers

import (
	"slices"

	"github.com/docker/docker/api/types/container"
)

// Processes are those of one container, as the engine's host sees them: the rows of ps, in its order.
type Processes struct {
	Titles []string   // of the columns: UID, PID, PPID, C, STIME, TTY, TIME, CMD; Podman's differ. Never nil.
	Rows   [][]string // each with a cell for each title. Never nil.
}

// FromTop reshapes an answer of top: each row gets as many cells as there are titles, and the last one takes the rest.
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
