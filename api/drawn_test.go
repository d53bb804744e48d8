package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"wharf/api"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
	"wharf/service"
)

// TestDrawnRequests generates requests for each operation from the document, both valid and invalid. Every answer must have a
// documented status and match its schema, and none may be a 5xx. `make fuzz` generates more requests.
func TestDrawnRequests(t *testing.T) {
	t.Parallel()
	for _, o := range api.Operations() {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			drawFor(t, o)
		})
	}
}

// drawFor generates requests for one operation, on a separate server, since some of them change accounts. A real engine answers
// reads; operations that would change a container go to a fake.
func drawFor(t *testing.T, o api.Operation) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"team": "web"}})
	hosts := []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}}
	if o.Permission == service.View && os.Getenv("WHARF_TEST_ENGINES") != "" {
		hosts = append(hosts, engineHosts(dockertest.Engines(t)[:1])...)
	}
	w := setup(t, hosts)
	g := drawing{w: w, o: o, viewer: w.person("hong", "viewer")}
	for _, h := range hosts {
		g.hosts = append(g.hosts, h.Name)
	}
	g.op, _ = spec().operation(o.Method, pathOf(o, "fake", "web"))
	require.NotNil(t, g.op)
	rapid.Check(t, g.check)
}

// drawing is the context from which the requests for one operation are generated.
type drawing struct {
	w      *fixture
	o      api.Operation
	op     *openapi3.Operation
	hosts  []string
	viewer string
}

func (g drawing) check(t *rapid.T) {
	r := g.request(t)
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil { // the client itself rejects requests that can't be written
		t.Skip(err)
	}
	defer resp.Body.Close()
	body := []byte(nil)
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") { // a stream doesn't end
		body, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		t.Fatalf("%s %s: %d %s", r.Method, r.URL, resp.StatusCode, body)
	}
	if body != nil {
		require.NoError(t, spec().check(r, resp.StatusCode, resp.Header, body))
	}
}

func (g drawing) request(t *rapid.T) *http.Request {
	path := g.o.Pattern
	for _, p := range g.op.Parameters {
		if p.Value.In == openapi3.ParameterInPath {
			value := rapid.OneOf(rapid.SampledFrom(g.pathValues(p.Value.Name)), text()).Draw(t, p.Value.Name)
			path = strings.Replace(path, "{"+p.Value.Name+"}", url.PathEscape(value), 1)
		}
	}
	r, err := http.NewRequestWithContext(g.w.t.Context(), g.o.Method, g.w.url+path, g.body(t))
	if err != nil {
		t.Skip(err)
	}
	r.URL.RawQuery = g.query(t)
	g.headers(t, r)
	return r
}

// pathValues returns values for a path parameter: existing ones, and ones that nearly exist.
func (g drawing) pathValues(name string) []string {
	switch name {
	case "host":
		return append([]string{"nowhere", ""}, g.hosts...)
	case "username":
		return []string{"hong", "gildong", "nobody", "HONG"}
	default:
		return []string{"web", "4b2efe8c-b526-4ff3-a2fa-c1ddcb9601e9", "4b2efe8cb5264ff3", "..", strings.Repeat("a", 300)}
	}
}

// text generates texts that break parsers: empty, long, with separators, control characters and partial UTF-8.
func text() *rapid.Generator[string] {
	odd := []string{"", " ", "a;b", "%zz", "a\x00b", "\xff\xfe", "../..", "❤", "\u202e", "1e309", "-1", "null", strings.Repeat("x", 5000)}
	return rapid.OneOf(rapid.SampledFrom(odd), rapid.String(), rapid.StringMatching(`[a-z0-9*=,.-]{1,12}`))
}

// query generates parameters: mostly as declared, some invalid, and some undeclared ones.
func (g drawing) query(t *rapid.T) string {
	values := url.Values{}
	for _, p := range g.op.Parameters {
		if p.Value.In != openapi3.ParameterInQuery || !rapid.Bool().Draw(t, "with "+p.Value.Name) {
			continue
		}
		for range rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "times "+p.Value.Name) {
			values.Add(p.Value.Name, asText(value(t, p.Value.Schema.Value, p.Value.Name)))
		}
	}
	switch rapid.IntRange(0, 9).Draw(t, "stray") {
	case 0:
		values.Add(text().Draw(t, "name"), text().Draw(t, "value"))
	case 1:
		return rapid.SampledFrom([]string{"a;b", "%zz", "a=%", ";", "&&", "=", "=a", "limit", "+", "a=b=c"}).Draw(t, "raw")
	}
	return values.Encode()
}

// body generates a body: as declared, with fields missing, added or of another type, or not JSON at all.
func (g drawing) body(t *rapid.T) io.Reader {
	if g.op.RequestBody == nil {
		if rapid.IntRange(0, 4).Draw(t, "a body where none is read") > 0 {
			return nil
		}
		return strings.NewReader(text().Draw(t, "body"))
	}
	if rapid.IntRange(0, 9).Draw(t, "no JSON") == 0 {
		return strings.NewReader(text().Draw(t, "body"))
	}
	raw, err := json.Marshal(value(t, g.op.RequestBody.Value.Content["application/json"].Schema.Value, "body"))
	if err != nil {
		t.Skip(err)
	}
	return bytes.NewReader(raw)
}

func (g drawing) headers(t *rapid.T, r *http.Request) {
	r.Header.Set("Content-Type", rapid.SampledFrom([]string{"application/json", "application/json", "application/json; charset=utf-8", "text/plain", ""}).Draw(t, "Content-Type"))
	if accept := rapid.SampledFrom([]string{"", "application/json", "text/event-stream", "*/*;q=0", "a"}).Draw(t, "Accept"); accept != "" {
		r.Header.Set("Accept", accept)
	}
	if token := rapid.SampledFrom([]string{g.w.admin, g.w.admin, g.w.admin, g.viewer, "", "garbage"}).Draw(t, "token"); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, p := range g.op.Parameters {
		if p.Value.In == openapi3.ParameterInHeader && rapid.Bool().Draw(t, "with "+p.Value.Name) {
			r.Header.Set(p.Value.Name, rapid.StringMatching(`[!-~]{0,80}`).Draw(t, p.Value.Name))
		}
	}
}

// value generates a value for a schema, or sometimes one of another type.
func value(t *rapid.T, s *openapi3.Schema, name string) any {
	if rapid.IntRange(0, 9).Draw(t, "broken "+name) == 0 {
		return rapid.SampledFrom([]any{nil, true, -1, 1e300, math.MaxInt64, "", "\x00", []any{}, map[string]any{}, strings.Repeat("x", 5000)}).Draw(t, name)
	}
	if len(s.Enum) > 0 {
		return rapid.SampledFrom(s.Enum).Draw(t, name)
	}
	if len(s.Examples) > 0 && rapid.Bool().Draw(t, "example "+name) {
		return rapid.SampledFrom(s.Examples).Draw(t, name)
	}
	switch {
	case s.Type.Is("object"):
		return object(t, s)
	case s.Type.Is("array"):
		return value(t, s.Items.Value, name) // one value of a repeatable parameter at a time
	case s.Type.Is("boolean"):
		return rapid.Bool().Draw(t, name)
	case s.Type.Is("integer"):
		low := limitOr(s.Min, 0)
		return rapid.IntRange(low, limitOr(s.Max, low+100)).Draw(t, name)
	case s.Format == "date-time":
		return "2030-01-01T00:00:00Z"
	default:
		return text().Draw(t, name)
	}
}

func object(t *rapid.T, s *openapi3.Schema) map[string]any {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) { // sorted: generation must be reproducible
		if rapid.IntRange(0, 5).Draw(t, "without "+name) > 0 {
			out[name] = value(t, s.Properties[name].Value, name)
		}
	}
	if rapid.IntRange(0, 9).Draw(t, "one more") == 0 {
		out[text().Draw(t, "key")] = text().Draw(t, "value")
	}
	return out
}

func limitOr(limit *float64, missing int) int {
	if limit == nil {
		return missing
	}
	return int(*limit)
}

func asText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, _ := json.Marshal(v)
	return string(raw)
}
