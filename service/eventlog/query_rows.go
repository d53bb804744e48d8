package eventlog

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"

	"wharf/db/sqlc"
	"wharf/util/apperr"
)

// maxSameStart bounds how many ids may have the requested prefix. Twelve random digits identify one container, but an engine
// could choose its ids.
const maxSameStart = 100

// timeRange is the part of the log to read next: from a position to the other end of the range.
type timeRange struct {
	ascending    bool
	at           position
	since, until int64
	most         int32 // rows
	host         sql.NullString
}

// gapsAhead caches the gaps for a page: they are few, so usually one query reads them all.
type gapsAhead struct {
	rows []sqlc.Event
	all  bool
}

// gaps returns the next gaps after a position.
func (l *Log) gaps(ctx context.Context, q *Query, s timeRange, ahead *gapsAhead) ([]sqlc.Event, error) {
	if ahead.all {
		return slices.DeleteFunc(slices.Clone(ahead.rows), func(r sqlc.Event) bool {
			order := position{r.TimeNano, r.ID}.compare(s.at)
			return order == 0 || (order > 0) != s.ascending
		}), nil
	}
	if len(q.Hosts) == 1 { // Filter selects among several hosts
		s.host = sql.NullString{String: q.Hosts[0], Valid: true}
	}
	rows, err := l.ofType(ctx, "gap", s, math.MaxInt64)
	ahead.rows, ahead.all = rows, err == nil && len(rows) < int(s.most)
	return slices.Clone(rows), err
}

// rows returns the next rows after a position, at most most, selected by the filters that have an index, and the number of
// rows read. Gaps match all of these filters.
func (l *Log) rows(ctx context.Context, q *Query, at position, most int32, ahead *gapsAhead) (rows []sqlc.Event, read int, err error) {
	s := timeRange{ascending: q.Ascending, at: at, most: most, since: nanosOr(q.Since, 0), until: nanosOr(q.Until, math.MaxInt64)}
	if rows, err = l.gaps(ctx, q, s, ahead); err != nil {
		return nil, 0, err
	}
	if !s.ascending && s.at.nano > s.until { // the position is among gaps that end after until
		s.at = position{s.until, math.MaxInt64}
	}
	events, err := l.eventRows(ctx, q, s)
	if err != nil {
		return nil, 0, err
	}
	rows = append(rows, events...)
	read = len(rows)
	slices.SortFunc(rows, func(a, b sqlc.Event) int {
		if !q.Ascending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.TimeNano, b.TimeNano), cmp.Compare(a.ID, b.ID))
	})
	rows = slices.CompactFunc(rows, func(a, b sqlc.Event) bool { return a.ID == b.ID })
	return rows[:min(len(rows), int(most))], read, nil
}

// maxValues bounds the values of a filter for which one query each is made. For more values, only Filter selects.
const maxValues = 20

// ends are the actions that end a container.
var ends = []string{"die", "died", "stop"}

// eventRows returns rows, in no order, along the index of the most selective filter: at least the next ones that match.
// Filter must still select among them.
func (l *Log) eventRows(ctx context.Context, q *Query, s timeRange) ([]sqlc.Event, error) {
	verbs := verbsOf(q)
	types := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(q.Types))), func(t string) bool { return t == "gap" })
	hosts := slices.Compact(slices.Sorted(slices.Values(q.Hosts)))
	switch {
	case len(q.Containers) == 1:
		return l.ofContainer(ctx, q.Containers[0], s)
	case len(q.Types) > 0 && len(types) <= maxValues && !slices.Contains(types, "container"):
		return each(types, func(typ string) ([]sqlc.Event, error) { return l.ofType(ctx, typ, s, s.until) })
	case len(verbs) > 0 && len(verbs) <= maxValues:
		return each(verbs, func(verb string) ([]sqlc.Event, error) { return l.ofVerb(ctx, verb, s) })
	case len(hosts) > 0 && len(hosts) <= maxValues:
		return each(hosts, func(host string) ([]sqlc.Event, error) { return l.ofHost(ctx, host, s) })
	case s.ascending:
		return l.db.Queries().EventsByTime(ctx, sqlc.EventsByTimeParams{
			Since: s.at.nano, SinceID: s.at.id, Until: s.until, MaxRows: s.most,
		})
	default:
		return l.db.Queries().EventsByTimeBackwards(ctx, sqlc.EventsByTimeBackwardsParams{
			Since: s.since, Until: s.at.nano, UntilID: s.at.id, MaxRows: s.most,
		})
	}
}

// verbsOf returns the requested actions, each up to its colon.
func verbsOf(q *Query) []string {
	actions := q.Actions
	if len(actions) == 0 && q.Unexpected {
		actions = ends
	}
	var verbs []string
	for _, action := range actions {
		verb, _, _ := strings.Cut(action, ":")
		verbs = append(verbs, verb)
	}
	slices.Sort(verbs)
	return slices.Compact(verbs)
}

// each returns the rows of all values.
func each(values []string, rows func(string) ([]sqlc.Event, error)) (all []sqlc.Event, err error) {
	for _, v := range values {
		more, err := rows(v)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

func (l *Log) ofType(ctx context.Context, typ string, s timeRange, last int64) ([]sqlc.Event, error) {
	if s.ascending {
		return l.db.Queries().EventsOfType(ctx, sqlc.EventsOfTypeParams{
			Type: typ, Since: s.at.nano, SinceID: s.at.id, Until: last, BeginsUntil: s.until, Host: s.host, MaxRows: s.most,
		})
	}
	return l.db.Queries().EventsOfTypeBackwards(ctx, sqlc.EventsOfTypeBackwardsParams{
		Type: typ, Since: s.since, Until: s.at.nano, UntilID: s.at.id, BeginsUntil: s.until, Host: s.host, MaxRows: s.most,
	})
}

// ofContainer returns the rows of containers whose name is asked, or whose id begins with it. It makes one query for the name
// and for each id, so that each reads along an index and ends at its limit, however large the log is.
func (l *Log) ofContainer(ctx context.Context, asked string, s timeRange) ([]sqlc.Event, error) {
	rows, err := l.ofName(ctx, asked, s)
	if err != nil || len(asked) < minIDStart || strings.Trim(asked, "0123456789abcdef") != "" {
		return rows, err
	}
	from := asked
	for range maxSameStart {
		id, err := l.db.Queries().NextActor(ctx, sqlc.NextActorParams{Least: from, Until: asked + "g"}) // "g": after all hex digits
		if errors.Is(err, sql.ErrNoRows) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		more, err := l.ofActor(ctx, id, s)
		if err != nil {
			return nil, err
		}
		rows, from = append(rows, more...), id+"0"
	}
	return nil, apperr.New(apperr.Invalid, "container: too many ids begin so")
}

func (l *Log) ofName(ctx context.Context, name string, s timeRange) ([]sqlc.Event, error) {
	if s.ascending {
		return l.db.Queries().EventsOfName(ctx, sqlc.EventsOfNameParams{
			Name: name, Since: s.at.nano, SinceID: s.at.id, Until: s.until, MaxRows: s.most,
		})
	}
	return l.db.Queries().EventsOfNameBackwards(ctx, sqlc.EventsOfNameBackwardsParams{
		Name: name, Since: s.since, Until: s.at.nano, UntilID: s.at.id, MaxRows: s.most,
	})
}

func (l *Log) ofActor(ctx context.Context, id string, s timeRange) ([]sqlc.Event, error) {
	if s.ascending {
		return l.db.Queries().EventsOfActor(ctx, sqlc.EventsOfActorParams{
			Actor: id, Since: s.at.nano, SinceID: s.at.id, Until: s.until, MaxRows: s.most,
		})
	}
	return l.db.Queries().EventsOfActorBackwards(ctx, sqlc.EventsOfActorBackwardsParams{
		Actor: id, Since: s.since, Until: s.at.nano, UntilID: s.at.id, MaxRows: s.most,
	})
}

func (l *Log) ofVerb(ctx context.Context, verb string, s timeRange) ([]sqlc.Event, error) {
	if s.ascending {
		return l.db.Queries().EventsOfVerb(ctx, sqlc.EventsOfVerbParams{
			Verb: verb, Since: s.at.nano, SinceID: s.at.id, Until: s.until, MaxRows: s.most,
		})
	}
	return l.db.Queries().EventsOfVerbBackwards(ctx, sqlc.EventsOfVerbBackwardsParams{
		Verb: verb, Since: s.since, Until: s.at.nano, UntilID: s.at.id, MaxRows: s.most,
	})
}

func (l *Log) ofHost(ctx context.Context, host string, s timeRange) ([]sqlc.Event, error) {
	if s.ascending {
		return l.db.Queries().EventsOfHost(ctx, sqlc.EventsOfHostParams{
			Host: host, Since: s.at.nano, SinceID: s.at.id, Until: s.until, MaxRows: s.most,
		})
	}
	return l.db.Queries().EventsOfHostBackwards(ctx, sqlc.EventsOfHostBackwardsParams{
		Host: host, Since: s.since, Until: s.at.nano, UntilID: s.at.id, MaxRows: s.most,
	})
}
