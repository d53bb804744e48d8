package dockerx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
	"wharf/util/memo"
)

// List is all containers of a host, running or not, in Docker's order. It is immutable and shared
// between callers; its Memo keeps what they make of it.
type List struct {
	Containers []Container
	memo.Memo

	read   time.Time     // when the engine was asked
	lasts  time.Duration // how long its status texts are good
	orders listOrders
}

// What a list may hold at most beside engine.MaxRows, so that a hostile engine can't make a small answer large in memory.
const (
	maxLabels = 500_000  // of all rows together
	maxKept   = 24 << 20 // bytes of the texts kept, of all rows together
)

// readList asks the host for its list, unless one could not be read a moment ago.
func (h *Host) readList(ctx context.Context) (*List, error) {
	if err := h.guard.refusal(); err != nil {
		return nil, err
	}
	return call(ctx, h, "list containers", h.readLimit, h.decodeList)
}

func (h *Host) decodeList(ctx context.Context, e engine.Reads) (*List, error) {
	body, err := e.ContainerList(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	before := h.lists.latest()
	rows, err := guardedList(ctx, h, body, func(body io.Reader) ([]Container, error) { return decodeList(body, before) })
	if err != nil {
		return nil, err
	}
	return &List{Containers: rows, read: began, lasts: textsLast(rows)}, nil
}

// guardedList reads an answer of the list, and closes it: no more than the guard has it, which keeps how that went.
func guardedList[T any](ctx context.Context, h *Host, body io.ReadCloser, decode func(io.Reader) ([]T, error)) ([]T, error) {
	counted := &countedBody{r: body, limit: h.guard.limit()}
	rows, err := decode(counted)
	if err != nil {
		_ = body.Close()
		err = &connect.FaultError{Kind: connect.KindOf(err), Err: fmt.Errorf("read the list: %w", err)}
		if !errors.Is(err, context.Canceled) { // that is the caller's end, not a fault of the list
			h.guard.done(counted.bytes, classify(ctx, h.name, "list containers", err))
		}
		return nil, err
	}
	_ = connect.Finish(body)
	h.guard.done(counted.bytes, nil)
	return rows, nil
}

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

// decodeList keeps of each row what lists need. before is the list that the host had last, or nil.
func decodeList(body io.Reader, before *List) ([]Container, error) {
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
	return rows, nil
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

// size is how many bytes of text the row keeps.
func (c *Container) size() int {
	n := len(c.ID) + len(c.Name) + len(c.Image) + len(c.State) + len(c.Status)
	for k, v := range c.Labels {
		n += len(k) + len(v)
	}
	return n
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
