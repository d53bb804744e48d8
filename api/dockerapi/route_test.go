package dockerapi

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table has the operations of Docker's API 1.51 as its document lists them, each once, and nothing else.
func TestTableIsDockersAPI(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/operations.txt")
	require.NoError(t, err)
	documented := strings.Split(strings.TrimSpace(string(raw)), "\n")
	require.Len(t, documented, 107)
	documented = append(documented, "POST /grpc") // used by Docker's builder
	slices.Sort(documented)
	var rows []string
	for _, rt := range Routes(nil) {
		rows = append(rows, rt.Method+" "+strings.ReplaceAll(rt.Pattern, "...", ""))
	}
	slices.Sort(rows)
	require.Equal(t, documented, rows)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	a := New(Options{})
	for _, c := range []struct {
		method, path string
		row          string // "" for none
		host, ver    string
		params       map[string]string
	}{
		{"GET", "/docker/web-1/_ping", "/_ping", "web-1", "", nil},
		{"HEAD", "/docker/web-1/v1.41/_ping", "/_ping", "web-1", "1.41", nil},
		{"GET", "/docker/web-1/v1.41/containers/abc/json", "/containers/{id}/json", "web-1", "1.41", map[string]string{"id": "abc"}},
		{"GET", "/docker/web-1/containers/json", "/containers/json", "web-1", "", nil},
		{"GET", "/docker/w/images/json", "/images/json", "w", "", nil},
		{"GET", "/docker/w/images/a/b/c:1/json", "/images/{name...}/json", "w", "", map[string]string{"name": "a/b/c:1"}},
		{"GET", "/docker/w/images/json/json", "/images/{name...}/json", "w", "", map[string]string{"name": "json"}},
		{"DELETE", "/docker/w/images/a/b", "/images/{name...}", "w", "", map[string]string{"name": "a/b"}},
		{"POST", "/docker/w/v1.51/plugins/a/b:latest/enable", "/plugins/{name...}/enable", "w", "1.51", map[string]string{"name": "a/b:latest"}},
		{"GET", "/docker/w/containers/a/attach/ws", "/containers/{id}/attach/ws", "w", "", map[string]string{"id": "a"}},
		{"GET", "/docker/web-1/_Ping", "", "", "", nil},
		{"POST", "/docker/web-1/_ping", "", "", "", nil},
		{"GET", "/docker/web-1/v1.41/v1.41/_ping", "", "", "", nil},
		{"GET", "/docker/web-1/vx/_ping", "", "", "", nil},
		{"GET", "/docker/web-1//_ping", "", "", "", nil},
		{"GET", "/docker/web-1/containers//json", "", "", "", nil},
		{"GET", "/docker/web-1/containers/../json", "", "", "", nil},
		{"GET", "/docker/web-1/images/../containers/x/json", "", "", "", nil},
		{"GET", "/docker/web-1/images/a/./json", "", "", "", nil},
		{"GET", "/docker/web-1/images/a%2f..%2fb/json", "", "", "", nil},
		{"GET", "/docker/web-1/containers/a/b/json", "", "", "", nil},
		{"GET", "/docker/web-1/containers/a/json/", "", "", "", nil},
		{"GET", "/docker/web-1/", "", "", "", nil},
		{"GET", "/docker/web-1", "", "", "", nil},
		{"GET", "/docker/", "", "", "", nil},
		{"GET", "/docker//_ping", "", "", "", nil},
	} {
		got, err := a.match(httptest.NewRequest(c.method, c.path, nil))
		if c.row == "" {
			require.Error(t, err, "%s %s", c.method, c.path)
			continue
		}
		require.NoError(t, err, "%s %s", c.method, c.path)
		require.Equal(t, c.row, got.Route.Pattern, c.path)
		require.Equal(t, c.host, got.Host, c.path)
		require.Equal(t, c.ver, got.Version, c.path)
		require.Equal(t, c.params, got.params, c.path)
	}
}

func TestVersionsAreComparedByNumber(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"1.9", "1.24"}, {"1.24", "1.41"}, {"1.41", "1.100"}, {"0.99", "1.24"}, {"1", "1.1"}, {"1.41", "2.0"}} {
		require.True(t, older(pair[0], pair[1]), pair)
		require.False(t, older(pair[1], pair[0]), pair)
	}
	require.False(t, older("1.41", "1.41"))
	require.False(t, older("1.041", "1.41"))
}

// Parameters that the typed tier doesn't read are refused: they would change the effect of an operation.
func TestUnreadParametersAreRefused(t *testing.T) {
	t.Parallel()
	c := &Call{Route: Route{Method: http.MethodDelete, Pattern: "/containers/{id}", query: []string{"force"}}}
	for query, fine := range map[string]bool{
		"": true, "force=1": true, "link=0": true, "link=": true, "link=False": true, "link=1": false, "force=1&link=true": false, "x=1": false,
	} {
		err := c.checkQuery(httptest.NewRequest(http.MethodDelete, "/docker/w/containers/a?"+query, nil))
		require.Equal(t, fine, err == nil, "%s: %v", query, err)
	}
}
