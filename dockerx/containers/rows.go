package containers

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
)

// listRow has the fields of a row that wharf uses: decoding all fields takes a third more time.
type listRow struct {
	ID      string `json:"Id"`
	Names   []string
	Image   string
	Created int64
	State   string
	Status  string
	Labels  map[string]string
}

// Decode decodes an engine's list. before is the host's previous list, or nil; the new list shares equal texts with it. read
// is when the engine was asked. Errors: connect.ErrTooLarge, errors of reading and decoding, and of invalid rows.
func Decode(body io.Reader, before *List, read time.Time) (*List, error) {
	rows, labels, kept := []Container{}, 0, 0
	texts := newInterner(before)
	err := engine.EachRow(body, func(row *listRow) error {
		c, err := row.container()
		if err != nil {
			return err
		}
		texts.row(&c)
		rows = append(rows, c)
		labels, kept = labels+len(c.Labels), kept+c.size()
		if labels > maxLabels || kept > maxKept {
			return connect.ErrTooLarge
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b Container) int { return b.Created.Compare(a.Created) }) // Podman's list is unordered
	return &List{Containers: rows, Read: read, lasts: textsLast(rows)}, nil
}

func (r *listRow) container() (Container, error) {
	if !engine.IsID(r.ID) {
		return Container{}, fmt.Errorf("a container has no proper id: %.80q", r.ID)
	}
	created := time.Unix(r.Created, 0).UTC()
	if y := created.Year(); y < 1 || y > 9999 {
		return Container{}, fmt.Errorf("container %s was created in the year %d", r.ID[:12], y)
	}
	c := Container{
		ID: r.ID, Name: ownName(r.Names), Image: r.Image, State: dockersState(r.State), Status: r.Status,
		Created: created, Labels: r.Labels,
	}
	if c.Name == "" {
		c.Name = r.ID[:12]
	}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	return c, nil
}

// dockersState returns Docker's name for a container's state. Podman has two more states: a "stopping" container still runs,
// and a "stopped" one has exited but is not cleaned up yet.
func dockersState(state string) string {
	switch state {
	case "stopping":
		return events.StateRunning
	case "stopped":
		return events.StateExited
	}
	return state
}

// ownName returns the name that isn't a link alias ("/web/db" is the alias of a container that web links to as db).
func ownName(names []string) string {
	for _, name := range names {
		if own := strings.TrimPrefix(name, "/"); own != "" && !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}
