package events

import (
	"strconv"
	"strings"

	"wharf/api/dto"
	"wharf/dockerx/containers"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

// Filter reads the filters of a stream or a query. sees reports whether the caller sees a host of that name. Errors: Invalid,
// naming everything that is wrong.
func Filter(q dto.EventFilter, sees func(host string) bool) (eventlog.Filter, error) {
	var problems []string
	f := eventlog.Filter{Hosts: q.Host, Types: q.Type, Actions: q.Action, Containers: q.Container}
	for _, name := range f.Hosts {
		if !sees(name) {
			problems = append(problems, "host: unknown host "+strconv.Quote(name))
		}
	}
	for i, name := range f.Containers {
		ref, err := containers.ParseRef(name)
		if err != nil {
			problems = append(problems, "container: "+err.Error())
			continue
		}
		f.Containers[i] = ref.String()
	}
	if len(problems) > 0 {
		return f, apperr.New(apperr.Invalid, "%s", strings.Join(problems, "; "))
	}
	return f, nil
}

// Place reads where the client left off: from the header Last-Event-ID, which browsers send when they reconnect, or from the
// parameter, for clients that can't set the header. resume is false if neither is set. Errors: Invalid.
func Place(q dto.StreamQuery, header string) (id int64, resume bool, err error) {
	text := q.LastEventID
	if header != "" {
		text = header
	}
	if text == "" {
		return 0, false, nil
	}
	id, err = strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, false, apperr.New(apperr.Invalid, "last_event_id: expected an id that this server gave")
	}
	return id, true, nil
}
