package dockerx

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/docker/docker/api/types/container"

	"wharf/dockerx/engine"
	"wharf/util/apperr"
)

// Processes are those of one container, as the engine's host sees them: the rows of ps, in its order.
type Processes struct {
	Titles []string   // of the columns: UID, PID, PPID, C, STIME, TTY, TIME, CMD; Podman's differ. Never nil.
	Rows   [][]string // each with a cell for each title. Never nil.
}

// Top lists the processes of a container; id is its full id. It is never cached. The rows show command lines whole.
// Errors: apperr.Conflict for a container that isn't running, NotFound, Unavailable, Daemon.
func (h *Host) Top(ctx context.Context, id string) (*Processes, error) {
	return call(ctx, h, "list processes", h.readLimit, func(ctx context.Context, e engine.Reads) (*Processes, error) {
		top, err := e.ContainerTop(ctx, id, nil)
		if errors.Is(err, io.EOF) {
			top, err = e.ContainerTop(ctx, id, []string{podmanColumns})
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, apperr.New(apperr.Conflict, "the engine names no processes of the container: is it running?")
		case err != nil:
			return nil, err
		}
		return processesOf(top), nil
	})
}

// podmanColumns has Podman read the processes itself: by default it runs the image's own ps, which few images have.
// Whatever goes wrong there, Podman 4 answers 200 without a body, also for a container that isn't running.
const podmanColumns = "user,pid,ppid,pcpu,etime,tty,time,args"

// processesOf gives each row as many cells as there are titles: the last one takes the rest.
func processesOf(top container.TopResponse) *Processes {
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
