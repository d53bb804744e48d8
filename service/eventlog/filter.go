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
	Actions []string // the whole, or the part before the colon of an exec or health action
	// Containers are names, ids, or prefixes of ids of at least minIDStart digits.
	Containers []string
	// Unexpected selects the ends of containers that aren't attributed to an action through wharf.
	Unexpected bool
}

// minIDStart is the shortest prefix of an id that names a container.
const minIDStart = 12

// Match reports whether the filter selects an event. Gaps match all fields but Hosts: the missing events might have matched.
func (f *Filter) Match(e *events.Event) bool { return f.matchShown(e, e.Action) }

// match is like Match, but with the action that the caller sees, so that a filter reveals nothing else. Nil: the record's.
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

// actionIs reports whether an action is the requested one: "exec_start" is any of "exec_start: sh".
func actionIs(action, asked string) bool {
	rest, ok := strings.CutPrefix(action, asked)
	return ok && (rest == "" || rest[0] == ':')
}

// isContainer reports whether an event is about the container, or a network or volume event that names it.
func isContainer(e *events.Event, asked string) bool {
	if e.Type != "container" {
		return e.Attrs["container"] != "" && idIs(e.Attrs["container"], asked)
	}
	return e.ActorName == asked || idIs(e.ActorID, asked)
}

func idIs(id, asked string) bool {
	return id == asked || len(asked) >= minIDStart && strings.HasPrefix(id, asked)
}
