package eventlog

import (
	"slices"
	"strings"

	"wharf/dockerx/events"
)

// Filter selects records for a subscription or a query. A record must match one of the values of each field that isn't
// empty.
type Filter struct {
	Hosts   []string
	Types   []string
	Actions []string // whole actions, or the part of an exec or health action before the colon
	// Containers are names, ids, or prefixes of ids of at least minIDStart digits.
	Containers []string
	// Unexpected selects the ends of containers that aren't attributed to an audited action.
	Unexpected bool
}

// minIDStart is the minimum length of a prefix that identifies a container.
const minIDStart = 12

// Match reports whether the filter selects an event. Gaps match all fields but Hosts: the missing events might have matched.
func (f *Filter) Match(e *events.Event) bool { return f.matchShown(e, e.Action) }

// match is like Match, but uses the action that shown returns, so that a filter reveals nothing that the caller doesn't see.
// A nil shown means the record's own action.
func (f *Filter) match(r *Record, shown func(*Record) string) bool {
	if shown == nil || len(f.Actions) == 0 {
		return f.Match(&r.Event)
	}
	return f.matchShown(&r.Event, shown(r))
}

func (f *Filter) matchShown(e *events.Event, action string) bool {
	if len(f.Hosts) > 0 && e.Host != "" && !slices.Contains(f.Hosts, e.Host) {
		return false
	}
	if e.Kind == events.KindGap {
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

// unexpected reports whether the event is a container's end that isn't attributed to an audited action.
func unexpected(e *events.Event) bool {
	return e.Type == "container" && slices.Contains(ends, e.Action) && e.Attrs["wharf.audit"] == ""
}

// actionIs reports whether an action matches the requested one: "exec_start" also matches "exec_start: sh".
func actionIs(action, asked string) bool {
	rest, ok := strings.CutPrefix(action, asked)
	return ok && (rest == "" || rest[0] == ':')
}

// isContainer reports whether an event is of the requested container, or of a network or volume and refers to it.
func isContainer(e *events.Event, asked string) bool {
	if e.Type != "container" {
		return e.Attrs["container"] != "" && idIs(e.Attrs["container"], asked)
	}
	return e.ActorName == asked || idIs(e.ActorID, asked)
}

func idIs(id, asked string) bool {
	return id == asked || len(asked) >= minIDStart && strings.HasPrefix(id, asked)
}
