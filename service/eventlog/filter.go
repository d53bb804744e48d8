package eventlog

import (
	"slices"
	"strings"

	"wharf/dockerx"
)

// Filter narrows a stream or a query. An empty field lets everything through; else one of its
// values must match.
type Filter struct {
	Hosts   []string
	Types   []string
	Actions []string // whole, or the part before the colon of an exec or health action
	// Containers are names, ids, or beginnings of ids of at least minIDStart digits.
	Containers []string
	// Unexpected picks the ends of containers that nobody asked for through wharf.
	Unexpected bool
}

// minIDStart is how much of an id names a container.
const minIDStart = 12

// Match reports whether an event passes. Gaps pass all but the host's filter, since what they
// stand for might have matched.
func (f *Filter) Match(e *dockerx.Event) bool { return f.matchShown(e, e.Action) }

// match is Match for a caller to whom shown shows another action than the record's, so that no filter
// tells what the caller doesn't see. Nil shows the record's.
func (f *Filter) match(r *Record, shown func(*Record) string) bool {
	if shown == nil || len(f.Actions) == 0 {
		return f.Match(&r.Event)
	}
	return f.matchShown(&r.Event, shown(r))
}

func (f *Filter) matchShown(e *dockerx.Event, action string) bool {
	if len(f.Hosts) > 0 && e.Host != "" && !slices.Contains(f.Hosts, e.Host) {
		return false
	}
	if e.Kind == dockerx.KindGap {
		return true
	}
	if len(f.Types) > 0 && !slices.Contains(f.Types, e.Type) {
		return false
	}
	if len(f.Actions) > 0 && !slices.ContainsFunc(f.Actions, func(a string) bool { return actionIs(action, a) }) {
		return false
	}
	if f.Unexpected && !unexpected(e) {
		return false
	}
	return len(f.Containers) == 0 || slices.ContainsFunc(f.Containers, func(c string) bool { return isContainer(e, c) })
}

// unexpected reports whether a container ended without anybody's doing that the audit log knows.
func unexpected(e *dockerx.Event) bool {
	return e.Type == "container" && slices.Contains(ends, e.Action) && e.Attrs["wharf.audit"] == ""
}

// actionIs compares "exec_start" and "exec_start: sh" alike.
func actionIs(action, asked string) bool {
	rest, ok := strings.CutPrefix(action, asked)
	return ok && (rest == "" || rest[0] == ':')
}

// isContainer also finds the network and volume events that name the container.
func isContainer(e *dockerx.Event, asked string) bool {
	if e.Type != "container" {
		return e.Attrs["container"] != "" && idIs(e.Attrs["container"], asked)
	}
	return e.ActorName == asked || idIs(e.ActorID, asked)
}

func idIs(id, asked string) bool {
	return id == asked || len(asked) >= minIDStart && strings.HasPrefix(id, asked)
}
