package eventlog

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"wharf/util/apperr"
)

// scanLimit bounds how many rows one query looks at. Where few of them match, the answer is
// short and its cursor goes on from there.
const scanLimit = 5_000

const (
	// pageBytes bounds the records of one page: what goes beyond it is left to the next.
	pageBytes = 8 << 20
	// batchRows is how many rows a query reads at a time. With the longest events that the readers pass on it
	// holds some 16 MiB at once.
	batchRows = 64
)

// Query asks for the past. The zero value asks for the newest records.
type Query struct {
	Filter
	Since, Until time.Time // both inclusive; zero: open. A gap counts when any of it lies between
	Ascending    bool      // oldest first
	Limit        int       // default 100, at most 1,000
	Cursor       string    // of the page before
	Allow        func(*Record) bool
	// ShownAction is a record's action as the caller sees it, by which Actions picks; nil: as it is.
	ShownAction func(*Record) string
}

// Page is a part of an answer.
type Page struct {
	Records []*Record
	Cursor  string // of the next page; "" when there is none
}

// position is a place in the order of time, then id.
type position struct{ nano, id int64 }

// Query reads the log by the daemons' time. Errors: apperr.Invalid for a foreign cursor.
func (l *Log) Query(ctx context.Context, q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	at, err := q.start()
	if err != nil {
		return Page{}, err
	}
	out := Page{Records: []*Record{}}
	for scanned, size := 0, 0; ; {
		rows, read, err := l.rows(ctx, &q, at)
		if err != nil {
			return Page{}, fmt.Errorf("query the event log: %w", err)
		}
		for i := range rows {
			at = position{rows[i].TimeNano, rows[i].ID}
			r, err := recordOf(&rows[i])
			if err != nil {
				return Page{}, err
			}
			if !q.match(r, q.ShownAction) || q.Allow != nil && !q.Allow(r) {
				continue
			}
			size += len(rows[i].Attrs) + len(rows[i].Action) + len(rows[i].ActorName)
			if len(out.Records) == q.Limit || len(out.Records) > 0 && size > pageBytes {
				last := out.Records[len(out.Records)-1]
				out.Cursor = encodeCursor(position{last.Time.UnixNano(), last.ID})
				return out, nil
			}
			out.Records = append(out.Records, r)
		}
		if len(rows) < batchRows {
			return out, nil
		}
		if scanned += read; scanned >= scanLimit {
			out.Cursor = encodeCursor(at)
			return out, nil
		}
	}
}

// start returns the position before the first record of the page.
func (q *Query) start() (position, error) {
	switch {
	case q.Cursor != "":
		return decodeCursor(q.Cursor)
	case q.Ascending:
		return position{nanosOr(q.Since, 0), -1}, nil
	default:
		return position{math.MaxInt64, math.MaxInt64}, nil
	}
}

func nanosOr(t time.Time, otherwise int64) int64 {
	if t.IsZero() {
		return otherwise
	}
	return nanosOf(t)
}

func encodeCursor(p position) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.nano))                                     //nolint:gosec // bits
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(p.id))) //nolint:gosec // bits
}

func decodeCursor(s string) (position, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) != 16 {
		return position{}, apperr.New(apperr.Invalid, "invalid cursor")
	}
	return position{
		nano: int64(binary.BigEndian.Uint64(b)),     //nolint:gosec // bits
		id:   int64(binary.BigEndian.Uint64(b[8:])), //nolint:gosec // bits
	}, nil
}
