package dockerapi

import (
	"net/http"
	"strings"

	"wharf/service"
)

// handler answers a call in the typed tier. If it returns an error, that error becomes the answer.
type handler func(w http.ResponseWriter, r *http.Request, c *Call) error

// Route is a row of the table: an operation of Docker's API.
type Route struct {
	Method  string
	Pattern string // path after host and version; {name...} matches one or more segments, {id} one
	// Need is the permission for the typed tier, or Administer if only the raw tier has the operation.
	Need service.Permission

	typed handler  // nil: only in the raw tier
	query []string // the parameters that typed reads
}

// Typed reports whether the typed tier has the operation.
func (rt Route) Typed() bool { return rt.typed != nil }

// Permission returns the name of Need.
func (rt Route) Permission() string {
	switch rt.Need {
	case service.View:
		return "view"
	case service.Operate:
		return "operate"
	case service.Exec:
		return "exec"
	default:
		return "administer"
	}
}

// match reports whether the row matches a request, and returns the values of its pattern's parameters.
func (rt Route) match(method, path string) (params map[string]string, ok bool) {
	if method != rt.Method {
		return nil, false
	}
	pattern, given := strings.Split(rt.Pattern, "/"), strings.Split(path, "/")
	for i, want := range pattern {
		name, isParam := strings.CutPrefix(want, "{")
		name = strings.TrimSuffix(name, "}")
		name, several := strings.CutSuffix(name, "...")
		switch after := len(pattern) - i - 1; {
		case several && len(given)-i > after:
			value := given[i : len(given)-after]
			given = append(append(given[:i:i], strings.Join(value, "/")), given[len(given)-after:]...)
		case i >= len(given) || !isParam && given[i] != want:
			return nil, false
		}
		if isParam {
			if given[i] == "" {
				return nil, false
			}
			if params == nil {
				params = map[string]string{}
			}
			params[name] = given[i]
		}
	}
	return params, len(given) == len(pattern)
}
