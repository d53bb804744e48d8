package dockerapi

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"wharf/util/apperr"
)

// filters are Docker's filters: values by name. For each name one of its values must match; for label all must.
type filters map[string][]string

// maxFilters bounds the number of values in a request.
const maxFilters = 256

// parseFilters reads {"name":{"value":true}}, or {"name":["value"]} as clients older than API 1.22 send it. Errors: Invalid,
// also for a name that isn't in allowed.
func parseFilters(text string, allowed ...string) (filters, error) {
	f := filters{}
	if text == "" {
		return f, nil
	}
	var sets map[string]map[string]bool
	var lists map[string][]string
	if json.Unmarshal([]byte(text), &sets) == nil {
		for name, values := range sets {
			f[name] = slices.Sorted(maps.Keys(values))
		}
	} else if json.Unmarshal([]byte(text), &lists) == nil {
		maps.Copy(f, lists)
	} else {
		return nil, apperr.New(apperr.Invalid, "invalid filter: expected a JSON object of names and values")
	}
	total := 0
	for name, values := range f {
		if total += len(values); !slices.Contains(allowed, name) {
			return nil, apperr.New(apperr.Invalid, "invalid filter '%.60s'", name)
		}
	}
	if total > maxFilters {
		return nil, apperr.New(apperr.Invalid, "invalid filter: more than %d values", maxFilters)
	}
	return f, nil
}

// matches reports whether the name has no values or one of them matches.
func (f filters) matches(name string, match func(value string) bool) bool {
	values := f[name]
	return len(values) == 0 || slices.ContainsFunc(values, match)
}

// exactly reports whether one of the name's values equals one of these.
func (f filters) exactly(name string, these ...string) bool {
	return f.matches(name, func(v string) bool { return slices.Contains(these, v) })
}

// like matches names and ids as Docker does: a value equals one of these, or is a regular expression that matches one.
func (f filters) like(name string, these ...string) bool {
	return f.matches(name, func(v string) bool {
		if slices.Contains(these, v) {
			return true
		}
		expr, err := regexp.Compile(v)
		return err == nil && slices.ContainsFunc(these, expr.MatchString)
	})
}

// labelled reports whether the labels have all values of the filter label, each "key" or "key=value".
func (f filters) labelled(labels map[string]string) bool {
	return !slices.ContainsFunc(f["label"], func(v string) bool {
		key, want, exact := strings.Cut(v, "=")
		got, ok := labels[key]
		return !ok || exact && got != want
	})
}
