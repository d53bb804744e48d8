package service

import (
	"github.com/google/uuid"

	"wharf/util/apperr"
)

// Page selects a part of a list.
type Page struct {
	Cursor string // from the previous page; empty for the first
	Limit  int    // rows, 1 to 500; 0 means 100
}

const (
	pageDefault = 100
	pageMax     = 500
)

func (p Page) limit() int32 {
	if p.Limit <= 0 {
		return pageDefault
	}
	return int32(min(p.Limit, pageMax))
}

// afterID parses a cursor that is a UUID. The empty cursor gives the zero UUID, which sorts before all others.
func (p Page) afterID() (uuid.UUID, error) {
	if p.Cursor == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(p.Cursor)
	if err != nil {
		return uuid.Nil, apperr.New(apperr.Invalid, "cursor: not one that was given")
	}
	return id, nil
}

// cut removes the row that was read beyond the page. It reports whether there was one, which means that there is a next page.
func cut[T any](p Page, rows []T) (page []T, more bool) {
	if n := int(p.limit()); len(rows) > n {
		return rows[:n], true
	}
	return rows, false
}
