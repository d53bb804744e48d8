package eventlog_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

// gap returns a gap of a host, between the times of its events number from and to.
func gap(host string, from, to int) events.Event {
	return events.Event{
		Host: host, Kind: events.KindGap, Type: "gap", Action: "gap", ActorID: host, ActorName: host, Attrs: map[string]string{},
		Time: epoch.Add(time.Duration(to)), From: epoch.Add(time.Duration(from)), To: epoch.Add(time.Duration(to)),
		Reason: fmt.Sprintf("%s %d-%d", host, from, to),
	}
}

// history returns the records of all pages of a query.
func history(t *testing.T, l *eventlog.Log, q eventlog.Query) []string {
	t.Helper()
	out := []string{}
	for pages := 0; pages == 0 || q.Cursor != ""; pages++ {
		page, err := l.Query(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Records), q.Limit)
		for _, r := range page.Records {
			out = append(out, text(r))
		}
		q.Cursor = page.Cursor
	}
	return out
}

func TestHistoryIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		host := func(n int) string { return []string{"h", "g"}[n%2] }
		for n := range 1400 {
			l.Publish(event(host(n), n))
			if n%41 == 0 {
				l.Publish(gap(host(n), n, n))
			}
		}
		stop()
		for _, ascending := range []bool{true, false} {
			for _, f := range []eventlog.Filter{
				{},
				{Hosts: []string{"h"}},
				{Hosts: []string{"g", "h"}, Containers: []string{"c1", "c2"}},
				{Containers: []string{"c5"}},
				{Containers: []string{event("h", 5).ActorID}},
				{Containers: []string{event("h", 5).ActorID[:12]}},
				{Types: []string{"container"}, Hosts: []string{"g"}},
				{Types: []string{"image", "gap"}},
			} {
				q := eventlog.Query{Filter: f, Ascending: ascending, Limit: 300, Since: epoch.Add(100), Until: epoch.Add(1299)}
				got, want := history(t, l, q), []string{}
				for n := 100; n < 1300; n++ {
					if e := event(host(n), n); f.Match(&e) {
						want = append(want, fmt.Sprint(host(n), " ", n))
					}
					if g := gap(host(n), n, n); n%41 == 0 && f.Match(&g) {
						want = append(want, "gap "+g.Reason)
					}
				}
				if !ascending {
					slices.Reverse(want)
				}
				require.Truef(t, slices.Equal(want, got), "%d records, want %d", len(got), len(want))
			}
		}
		_, err := l.Query(t.Context(), eventlog.Query{Cursor: "nonsense"})
		require.ErrorContains(t, err, "invalid cursor")
	})
}

func TestTooManyIDsOfOneBeginningAreAnError(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		for n := range 101 {
			e := event("h", n)
			e.ActorID = fmt.Sprintf("%064x", n)
			l.Publish(e)
		}
		stop()
		_, err := l.Query(t.Context(), eventlog.Query{Filter: eventlog.Filter{Containers: []string{"000000000000"}}})
		require.ErrorContains(t, err, "too many ids")
		require.Equal(t, apperr.Invalid, apperr.KindOf(err))
	})
}

// Without gaps, a container's history would claim that it was running at times without a reader.
func TestHistoryHasTheGapsWhateverNarrowsIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		for n := range 21 {
			l.Publish(event([]string{"h", "g"}[n%2], n))
		}
		for _, e := range []events.Event{gap("h", 2, 4), gap("g", 4, 4), gap("h", 12, 30), gap("g", 25, 40)} {
			l.Publish(e)
		}
		stop()
		id := event("h", 3).ActorID
		span := eventlog.Query{Since: epoch.Add(3), Until: epoch.Add(20)}
		for name, c := range map[string]struct {
			filter eventlog.Filter
			allow  func(*eventlog.Record) bool
			want   string
		}{
			"name":               {eventlog.Filter{Containers: []string{"c3"}}, nil, "g 3, gap h 2-4, gap g 4-4, h 10, g 17, gap h 12-30"},
			"id":                 {eventlog.Filter{Containers: []string{id[:63] + "3"}}, nil, "g 3, gap h 2-4, gap g 4-4, h 10, g 17, gap h 12-30"},
			"name on one host":   {eventlog.Filter{Containers: []string{"c3"}, Hosts: []string{"h"}}, nil, "gap h 2-4, h 10, gap h 12-30"},
			"two names":          {eventlog.Filter{Containers: []string{"c3", "c4"}, Hosts: []string{"g"}}, nil, "g 3, gap g 4-4, g 11, g 17"},
			"type":               {eventlog.Filter{Types: []string{"image"}}, nil, "gap h 2-4, gap g 4-4, gap h 12-30"},
			"gaps alone":         {eventlog.Filter{Types: []string{"gap"}}, nil, "gap h 2-4, gap g 4-4, gap h 12-30"},
			"action":             {eventlog.Filter{Actions: []string{"die"}, Hosts: []string{"h"}}, nil, "gap h 2-4, gap h 12-30"},
			"unexpected":         {eventlog.Filter{Unexpected: true, Containers: []string{"c3"}}, nil, "gap h 2-4, gap g 4-4, gap h 12-30"},
			"a container's host": {eventlog.Filter{Containers: []string{"h"}}, nil, "gap h 2-4, gap g 4-4, gap h 12-30"},
			"rights":             {eventlog.Filter{Containers: []string{"c3"}}, func(r *eventlog.Record) bool { return r.Host == "h" }, "gap h 2-4, h 10, gap h 12-30"},
		} {
			for _, limit := range []int{1, 2, 100} {
				q := span
				q.Filter, q.Allow, q.Limit, q.Ascending = c.filter, c.allow, limit, true
				want := strings.Split(c.want, ", ")
				require.Equal(t, want, history(t, l, q), "%s, %d a page", name, limit)
				q.Ascending = false
				slices.Reverse(want)
				require.Equal(t, want, history(t, l, q), "%s, %d a page, newest first", name, limit)
			}
		}
	})
}

// Records beyond the 8 MiB of a page come on the next one, whatever the limit is.
func TestPagesAreBoundedByBytes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		const events, size, most = 60, 250 << 10, 8 << 20
		for n := range events {
			e := event("h", n)
			e.Attrs["label"] = strings.Repeat("x", size)
			l.Publish(e)
		}
		stop()
		var got []string
		for q := (eventlog.Query{Limit: 1000}); len(got) == 0 || q.Cursor != ""; {
			page, err := l.Query(t.Context(), q)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Records), most/size+1)
			for _, r := range page.Records {
				got = append(got, text(r))
			}
			q.Cursor = page.Cursor
		}
		slices.Reverse(got)
		require.Equal(t, texts("h", 0, events), got, "each once, over the pages")
	})
}

// The cursor of a page that ends at a hidden record reveals neither its id nor more than the second of its time.
func TestCoarseCursorsTellNothingOfHiddenRecords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l, stop := start(t, d, eventlog.Options{})
		const events = 13_000
		shown := func(n int) bool { return n%4000 == 17 }
		for n := range events {
			e := event("h", n)
			e.Time = epoch.Add(time.Duration(n) * 3 * time.Millisecond)
			l.Publish(e)
		}
		stop()
		allow := func(r *eventlog.Record) bool {
			return shown(int(r.Time.Sub(epoch) / (3 * time.Millisecond)))
		}
		for _, ascending := range []bool{true, false} {
			var got []string
			hidden, q := 0, eventlog.Query{Ascending: ascending, Allow: allow, CoarseCursors: true}
			for pages := 0; pages == 0 || q.Cursor != ""; pages++ {
				require.Less(t, pages, 20)
				page, err := l.Query(t.Context(), q)
				require.NoError(t, err)
				for _, r := range page.Records {
					got = append(got, r.Attrs["n"])
				}
				if q.Cursor = page.Cursor; q.Cursor != "" {
					place, err := base64.RawURLEncoding.DecodeString(q.Cursor)
					require.NoError(t, err)
					require.Zero(t, binary.BigEndian.Uint64(place)%uint64(time.Second))
					hidden++
				}
			}
			require.GreaterOrEqual(t, hidden, 2, "pages ended between the shown")
			want := []string{"17", "4017", "8017", "12017"}
			if !ascending {
				slices.Reverse(want)
			}
			require.Equal(t, want, got, "each once")
		}
	})
}
