package api

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"wharf/api/dto"
	"wharf/util/apperr"
)

// parseQuery returns the request's query parameters. Unlike URL.Query it reports pairs that can't be parsed, such as one with
// an unescaped semicolon: dropping a pair silently could drop a filter. Errors: Invalid, together with the pairs that could be
// read.
func parseQuery(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return values, apperr.New(apperr.Invalid, "query: %s (write ; as %%3B and %% as %%25)", err)
	}
	return values, nil
}

// queryParam describes a query parameter as a struct field declares it.
type queryParam struct {
	name      string
	index     []int // index of the field
	enum      []string
	missing   string // default value, as text
	low, high int
}

var declared sync.Map // caches paramsOf: reflect.Type to []queryParam

// paramsOf returns the parameters that a struct type declares, including those of embedded structs.
func paramsOf(t reflect.Type) []queryParam {
	if cached, ok := declared.Load(t); ok {
		return cached.([]queryParam)
	}
	var params []queryParam
	for _, f := range reflect.VisibleFields(t) {
		name, ok := f.Tag.Lookup("query")
		if !ok {
			continue
		}
		p := queryParam{name: name, index: f.Index, missing: f.Tag.Get("default")}
		if enum := f.Tag.Get("enum"); enum != "" {
			p.enum = strings.Split(enum, ",")
		}
		p.low, _ = strconv.Atoi(f.Tag.Get("minimum"))
		p.high, _ = strconv.Atoi(f.Tag.Get("maximum"))
		params = append(params, p)
	}
	declared.Store(t, params)
	return params
}

// unknown reports the parameters that aren't declared: a misspelt filter must not show everything.
func unknown(values url.Values, params []queryParam) (problems []string) {
	for name := range values {
		if !slices.ContainsFunc(params, func(p queryParam) bool { return p.name == name }) {
			problems = append(problems, name+": unknown parameter")
		}
	}
	slices.Sort(problems)
	return problems
}

// refuseQuery rejects all query parameters, for routes that have none. Errors: Invalid.
func refuseQuery(r *http.Request) error {
	values, err := parseQuery(r)
	if err != nil {
		return err
	}
	return invalid(unknown(values, nil))
}

// readQuery reads the parameters that Q declares. The struct tags enum, default, minimum and maximum have the same meaning as in
// the OpenAPI document. Errors: Invalid, naming everything that is wrong, including unknown parameters.
func readQuery[Q any](r *http.Request) (*Q, error) {
	q := new(Q)
	values, err := parseQuery(r)
	if err != nil {
		return nil, err
	}
	var problems []string
	into := reflect.ValueOf(q).Elem()
	params := paramsOf(into.Type())
	for _, p := range params {
		if problem := p.read(values[p.name], into.FieldByIndex(p.index)); problem != "" {
			problems = append(problems, p.name+": "+problem)
		}
	}
	return q, invalid(append(problems, unknown(values, params)...))
}

// invalid returns an error that lists the problems, or nil if there are none.
func invalid(problems []string) error {
	if len(problems) == 0 {
		return nil
	}
	return apperr.New(apperr.Invalid, "%s", strings.Join(problems, "; "))
}

// read sets a field to the values that were sent. It returns the problem with them, or "".
func (p queryParam) read(values []string, field reflect.Value) (problem string) {
	if field.Kind() == reflect.Slice {
		for _, v := range values {
			if problem := p.check(v); problem != "" {
				return problem
			}
		}
		if len(values) > 0 {
			field.Set(reflect.ValueOf(values))
		}
		return ""
	}
	if len(values) > 1 {
		return "given more than once"
	}
	v := strings.Join(values, "")
	if v == "" {
		v = p.missing
	}
	if v == "" {
		return ""
	}
	if problem := p.check(v); problem != "" {
		return problem
	}
	return p.set(v, field)
}

func (p queryParam) check(v string) (problem string) {
	if p.enum != nil && !slices.Contains(p.enum, v) {
		return "expected one of " + strings.Join(p.enum, ", ")
	}
	return ""
}

// set sets a field to one value, which must not be empty.
func (p queryParam) set(v string, field reflect.Value) (problem string) {
	switch into := field.Addr().Interface().(type) {
	case *string:
		*into = v
	case *bool:
		*into = v == "true"
		if !*into && v != "false" {
			return "expected one of false, true"
		}
	case *int:
		*into, problem = p.number(v)
	case **int:
		n, wrong := p.number(v)
		*into, problem = &n, wrong
	case *time.Duration:
		*into, problem = readDuration(v)
	case *time.Time:
		*into, problem = readMoment(v)
	default:
		panic("a query parameter of the type " + field.Type().String())
	}
	return problem
}

// number reads a whole number within the parameter's limits.
func (p queryParam) number(v string) (n int, problem string) {
	n, err := strconv.Atoi(v)
	if err != nil || n < p.low || n > p.high {
		return 0, "expected a whole number from " + strconv.Itoa(p.low) + " to " + strconv.Itoa(p.high)
	}
	return n, ""
}

// readDuration reads a positive duration such as 90s or 15m.
func readDuration(v string) (d time.Duration, problem string) {
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, "expected a positive duration such as 90s or 15m"
	}
	return d, ""
}

// readMoment reads a time, given in RFC 3339 or as a duration before now (15m).
func readMoment(v string) (at time.Time, problem string) {
	if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
		if err := dto.CheckTime(at); err != nil {
			return at, err.Error()
		}
		return at, ""
	}
	ago, err := time.ParseDuration(v)
	if err != nil || ago < 0 {
		return at, "expected a time (RFC 3339) or how long ago (15m)"
	}
	return time.Now().Add(-ago), ""
}
