package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// containerCalls are the only calls to a daemon that an id in a request may cause.
var containerCalls = regexp.MustCompile(`^/v1\.\d+/containers/[A-Za-z0-9_.-]+/(json|start|stop|stats)$`)

// ownCalls are calls that wharf makes whatever the id is: those of the event reader, and the list that stat2 uses.
var ownCalls = regexp.MustCompile(`^/v1\.\d+/(events|containers/json|info)$`)

// hostileIDs returns ids that try to reach other endpoints, other hosts and other parsers.
func hostileIDs() []string {
	ids := []string{
		"", " ", ".", "..", "...", "/", "//", "-", "_", "~", "*", "?", "#", "%", "\\", ";", ":", "@", "&", "=", "+", "|", "<x>", "\"", "'", "`",
		"../images/json", "../../info", "../exec/X/start", "..%2fimages", "%2e%2e/images", "%2e%2e%2fimages", "%252e%252e%252f", "..\\images",
		"x/json", "x/json?force=1", "x?force=1", "x#y", "x;y", "x/../../images", "x/exec", "x/archive?path=/etc", "x/attach/ws", "/x/y", "//x",
		" x", "x ", "\tx", "x\n", "x\r\nHost: evil", "x\x00", "\x00", "x\x7f", "\x1b[31mx", "\ufeffx", "x\u2215y", "x\u2024\u2024/y", "\uff0e\uff0e/x",
		"한글", "ünïcode", "x\u202ey", "😀", "http://evil/x", "//evil/x", "unix:///x", "x@evil", "x:80", "[::1]", "${IFS}", "$(id)", "`id`", "'; DROP TABLE users", "{{.}}", "%s%n", "null", "undefined/x", "true/false",
		strings.Repeat("a", 256), strings.Repeat("a", 4096), strings.Repeat("../", 100), strings.Repeat("%2e", 50), strings.Repeat("/", 300),
	}
	for _, escape := range []string{"%00", "%0d%0a", "%2f", "%5c", "%23", "%3f", "%25", "%20", "%c0%ae", "%c0%af", "%e0%80%af", "%u002e"} {
		for _, form := range []string{"%s", "x%s", "%sx", "x%sy", "..%s..", "x%s..%simages", "/%s", "%s%s%s", "x/%s/json", "x%s?a=b"} {
			n := strings.Count(form, "%s")
			args := make([]any, n)
			for i := range args {
				args[i] = escape
			}
			ids = append(ids, fmt.Sprintf(form, args...))
		}
	}
	return ids
}

func TestHostileIDsReachNothingButContainers(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "x"})
	w := setup(t, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	ids := hostileIDs()
	require.GreaterOrEqual(t, len(ids), 200)
	before := len(d.Requests())
	var odd []string // answers that no invalid id should get
	for _, id := range ids {
		for _, path := range []string{"/inspect2/fake/", "/stat2/fake/"} {
			for _, text := range []string{url.PathEscape(id), rawPath(id)} {
				if a := w.get(path + text); !slices.Contains([]int{200, 400, 404}, a.status) || a.status != 200 && a.message(t) == "" {
					odd = append(odd, fmt.Sprintf("%s%q: %d %s", path, text, a.status, a.body))
				}
			}
		}
		for _, path := range []string{"/start2", "/stop2"} {
			if a := w.post(path, map[string]string{"id": id, "host": "fake"}); !slices.Contains([]int{200, 400, 404, 409}, a.status) {
				odd = append(odd, fmt.Sprintf("%s %q: %d %s", path, id, a.status, a.body))
			}
		}
	}
	// A well-formed id gets through, so the daemon could have been reached.
	require.Equal(t, http.StatusOK, w.get("/inspect2/fake/x").status)
	asked := 0
	var strays []string
	for _, r := range d.Requests()[before:] {
		switch {
		case containerCalls.MatchString(r.Path):
			asked++
		case !ownCalls.MatchString(r.Path):
			strays = append(strays, r.Method+" "+r.Path)
		}
	}
	require.Empty(t, strays)
	require.Empty(t, odd)
	require.Positive(t, asked)
}

// rawPath returns an id as a careless client puts it into a URL: it escapes only what would break the request line.
func rawPath(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		if c <= ' ' || c >= 0x7f || c == '#' || c == '?' {
			fmt.Fprintf(&b, "%%%02x", c)
			continue
		}
		b.WriteByte(c)
	}
	text := b.String()
	if _, err := url.Parse("http://h/" + text); err != nil {
		return url.PathEscape(id)
	}
	return text
}

func TestMissingParametersAreNamed(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for path, message := range map[string]string{
		"/ps2": "missing: host", "/ps2/": "missing: host", "/stat3/": "missing: host",
		"/inspect2": "missing: host, id", "/inspect2/h": "missing: id", "/inspect2/h/": "missing: id", "/stat2/h": "missing: id",
	} {
		a := w.get(path)
		require.Equal(t, http.StatusBadRequest, a.status, path)
		require.Equal(t, message, a.message(t), path)
	}
	for path, message := range map[string]string{
		"/user": "missing: username, password, full_name, email", "/login": "missing: username, password",
		"/logout": "missing: refresh_token", "/token/renew_access": "missing: refresh_token",
		"/start2": "missing: id, host", "/stop2": "missing: id, host",
	} {
		a := w.post(path, "{}")
		require.Equal(t, http.StatusBadRequest, a.status, path)
		require.Equal(t, message, a.message(t), path)
	}
}

func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	good := `{"username":"a","password":"b"}`
	for name, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"empty":             {"", 400, "empty"},
		"not JSON":          {"username=a", 400, "JSON"},
		"cut off":           {`{"username":`, 400, "JSON"},
		"an array":          {`[]`, 400, "object"},
		"a string":          {`"x"`, 400, "object"},
		"wrong type":        {`{"username":1,"password":"b"}`, 400, "username"},
		"password's type":   {`{"username":"a","password":[1]}`, 400, "password: expected string"},
		"null password":     {`{"username":"a","password":null}`, 400, "missing: password"},
		"two bodies":        {good + good, 400, "after"},
		"trailing garbage":  {good + "x", 400, "after"},
		"invalid UTF-8":     {"{\"username\":\"\xff\",\"password\":\"b\"}", 400, "UTF-8"},
		"too large":         {`{"username":"` + strings.Repeat("a", 65<<10) + `"}`, 413, "65536"},
		"unknown fields":    {`{"username":"a","password":"b","extra":{"x":[1]}}`, 401, ""},
		"deeply nested":     {strings.Repeat("[", 20000), 400, ""},
		"number overflow":   {`{"username":1e400}`, 400, ""},
		"null":              {`null`, 400, "missing"},
		"byte order mark":   {"\ufeff" + good, 400, "JSON"},
		"lone surrogate":    {`{"username":"\ud800","password":"b"}`, 401, ""},
		"NUL in a username": {`{"username":"\u0000","password":"b"}`, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := w.call("POST", "/login", "", c.body)
			require.Equal(t, c.status, a.status, a.body)
			require.Contains(t, a.message(t), c.says)
		})
	}
}

func TestBodyThatIsNotJSONIs415(t *testing.T) {
	t.Parallel()
	w := setup(t, nil)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "garbage;;"} {
		a := w.call("POST", "/login", "", "{}", func(r *http.Request) { r.Header.Set("Content-Type", kind) })
		require.Equal(t, http.StatusUnsupportedMediaType, a.status, kind)
		require.NotEmpty(t, a.message(t))
	}
	a := w.call("POST", "/login", "", "{}", func(r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=utf-8") })
	require.Equal(t, http.StatusBadRequest, a.status)
}
