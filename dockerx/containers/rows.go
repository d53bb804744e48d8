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

// listRow is what wharf reads of a row: decoding all of it costs a third more.
type listRow struct {
	ID      string `json:"Id"`
	Names   []string
	Image   string
	Created int64
	State   string
	Status  string
	Labels  map[string]string
}

// Decode reads an engine's list, and keeps of each row what lists need. before is the list that the host had last, or nil, with
// which it shares equal texts; read is when the engine was asked. Errors: connect.ErrTooLarge, those of reading and decoding,
// and what is wrong with a row.
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
	slices.SortStableFunc(rows, func(a, b Container) int { return b.Created.Compare(a.Created) }) // Podman's are in no order
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

// dockersState says in Docker's word what state a container is in. Podman has two words more: a container
// that is stopping still runs, and one that stopped is not yet tidied up after.
func dockersState(state string) string {
	switch state {
	case "stopping":
		return events.StateRunning
	case "stopped":
		return events.StateExited
	}
	return state
}

// ownName picks the name that isn't a link alias ("/web/db" is what web calls its db).
func ownName(names []string) string {
	for _, name := range names {
		if own := strings.TrimPrefix(name, "/"); own != "" && !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}
