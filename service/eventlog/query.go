package eventlog

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"

	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/util/apperr"
)

// scanLimit and scanBytes bound the rows that one query reads, by number and in bytes. If few of them match, the page is
// short, and the next one continues after the last row read.
const (
	scanLimit = 5_000
	scanBytes = 4 * pageBytes
)

const (
	// pageBytes bounds the records of one page, in bytes.
	pageBytes = 8 << 20
	// batchRows is how many rows a query reads at a time. After a batch larger than batchBytes, batches have fewer rows.
	batchRows  = 64
	batchBytes = 2 << 20
)

// Query selects stored records. The zero value selects the newest.
type Query struct {
	Filter
	Since, Until time.Time // both inclusive; zero: open. A gap is selected if any part of it lies between
	Ascending    bool      // oldest first
	Limit        int       // default 100, at most 1,000
	Cursor       string    // from the previous page; empty for the first
	Allow        func(*Record) bool
	// ShownAction returns the action that the caller sees, which Filter.Actions is compared with. Nil: the record's own.
	ShownAction func(*Record) string
	// CoarseCursors makes a cursor at a hidden record reveal only the second of the record's time, not its id.
	CoarseCursors bool
	// Rest, if set, is called after each batch of rows, with the time that it took to read them. It may pause a query that
	// reads much, in favor of others.
	Rest func(ctx context.Context, worked time.Duration)
}

// Page is a part of a query's result.
type Page struct {
	Records []*Record
	Cursor  string // of the next page; empty on the last
}

// position is a place in the order of records by time, then id.
type position struct{ nano, id int64 }

// Query returns a page of stored records, ordered by the engines' times. Errors: apperr.Invalid for a malformed cursor.
func (l *Log) Query(ctx context.Context, q Query) (Page, error) {
	if q.Limit <= 0 {
		q.Limit = 100
	}
	q.Limit = min(q.Limit, 1000)
	at, err := q.start()
	if err != nil {
		return Page{}, err
	}
	from, out := at, Page{Records: []*Record{}}
	batch, ahead := int32(batchRows), gapsAhead{}
	for scanned, scannedBytes, size := 0, 0, 0; ; {
		began := time.Now()
		rows, read, err := l.rows(ctx, &q, at, batch, &ahead)
		if err != nil {
			return Page{}, fmt.Errorf("query the event log: %w", err)
		}
		held := 0
		for i := range rows {
			held += len(rows[i].Attrs)
			at = position{rows[i].TimeNano, rows[i].ID}
			if q.rulesOut(&rows[i]) {
				continue
			}
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
		if len(rows) < int(batch) {
			return out, nil
		}
		if q.Rest != nil {
			q.Rest(ctx, time.Since(began))
		}
		if held > batchBytes {
			batch = max(batch/4, 4)
		}
		scanned, scannedBytes = scanned+read, scannedBytes+held
		if scanned >= scanLimit || scannedBytes >= scanBytes {
			out.Cursor = encodeCursor(q.resume(from, at, out.Records))
			return out, nil
		}
	}
}

// cursorStep is the step of the time in a coarse cursor, in nanoseconds.
const cursorStep = int64(time.Second)

// resume returns the position after which the next page continues. This page began after from, has read all rows up to at,
// and has the records shown. A coarse position lies between the last shown record and at, on a whole step; if there is no
// such step, resume returns the last shown record's position, or at if none is shown.
func (q *Query) resume(from, at position, shown []*Record) position {
	if !q.CoarseCursors {
		return at
	}
	sign, coarse := 1, position{at.nano / cursorStep * cursorStep, -1}
	if !q.Ascending {
		sign, coarse = -1, position{(at.nano/cursorStep + 1) * cursorStep, 0}
	}
	after := from
	if len(shown) > 0 {
		last := shown[len(shown)-1]
		after = position{last.Time.UnixNano(), last.ID}
	}
	switch {
	case sign*coarse.compare(after) > 0:
		return coarse
	case len(shown) > 0:
		return after
	default:
		return at
	}
}

// compare orders positions.
func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.nano, other.nano), cmp.Compare(p.id, other.id))
}

// rulesOut reports whether the filter rejects a row by host or type, before its attributes are decoded.
func (q *Query) rulesOut(row *sqlc.Event) bool {
	if row.Kind == int32(events.KindGap) {
		return false
	}
	return len(q.Hosts) > 0 && row.Host != "" && !slices.Contains(q.Hosts, row.Host) || len(q.Types) > 0 && !slices.Contains(q.Types, row.Type)
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
