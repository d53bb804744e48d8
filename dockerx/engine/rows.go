package engine

import (
	"encoding/json"
	"fmt"
	"io"

	"wharf/dockerx/connect"
)

// The limits of a list. They keep a hostile engine from sending a small answer that takes much memory.
const (
	maxRows     = 50_000
	maxRowBytes = 2 << 20
)

// EachRow decodes a JSON array and calls each with every row, so that it needs memory for only one row. Errors:
// connect.ErrTooLarge for a row or a list that is too large, and those of reading, decoding and each.
func EachRow[T any](body io.Reader, each func(*T) error) error {
	budget := &rowBudget{r: body}
	budget.left = maxRowBytes
	dec := json.NewDecoder(budget)
	if start, err := dec.Token(); err != nil || start == nil {
		return err // nil for null, which an engine without containers may send
	} else if start != json.Delim('[') {
		return fmt.Errorf("expected a list, got %v", start)
	}
	for n := 1; dec.More(); n++ {
		budget.left = maxRowBytes
		var row T
		if err := dec.Decode(&row); err != nil {
			return err
		}
		if n > maxRows {
			return connect.ErrTooLarge
		}
		if err := each(&row); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// rowBudget is a reader that returns connect.ErrTooLarge after left bytes. EachRow resets left for each row.
type rowBudget struct {
	r    io.Reader
	left int
}

func (b *rowBudget) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, connect.ErrTooLarge
	}
	return n, err
}
