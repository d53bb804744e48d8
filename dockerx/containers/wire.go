package containers

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/wire"
)

// DecodeWire is Decode for rows in the shape of Docker's API. The newest container comes first.
func DecodeWire(body io.Reader) ([]wire.Row, error) {
	rows, labels := []wire.Row{}, 0
	err := engine.EachRow(body, func(r *wire.Row) error {
		if !engine.IsID(r.ID) {
			return fmt.Errorf("a container has no proper id: %.80q", r.ID)
		}
		name := ownName(r.Names) // without the link aliases
		if name == "" {
			name = r.ID[:12]
		}
		r.Names, r.State, r.Labels = []string{"/" + name}, dockersState(r.State), orEmptyMap(r.Labels)
		rows = append(rows, *r)
		if labels += len(r.Labels); labels > maxLabels {
			return connect.ErrTooLarge
		}
		return nil
	})
	slices.SortStableFunc(rows, func(a, b wire.Row) int { return cmp.Compare(b.Created, a.Created) })
	return rows, err
}

// CheckWire checks an engine's answer to an inspect of ref, in the shape of Docker's API, and normalizes it for Docker's
// tools. Errors: those of Ref.CheckFound.
func CheckWire(c *wire.Container, ref Ref) error {
	if err := ref.CheckFound(c.ID); err != nil {
		return err
	}
	c.State.Status, c.ExecIDs = dockersState(c.State.Status), nil
	c.Config.Labels = orEmptyMap(c.Config.Labels)
	return nil
}
