package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// textFormats are the contract's text formats. If a string in a golden file has one of them, the answer's string must have it too.
var textFormats = map[string]*regexp.Regexp{
	"memory":     regexp.MustCompile(`^\d+\.\d\d (B|KiB|MiB|GiB|TiB)$`),
	"network":    regexp.MustCompile(`^(\d{1,3} B|\d{1,3}\.\d\d (KB|MB|GB|TB))$`),
	"created_at": regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`),
	"RFC 3339":   regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`),
	"UUID":       regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
	"short id":   regexp.MustCompile(`^[0-9a-f]{12}$`),
	"JWT":        regexp.MustCompile(`^eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.`),
	"address":    regexp.MustCompile(`^(tcp|unix)://`),
	"MAC":        regexp.MustCompile(`^([0-9a-f]{2}:){5}[0-9a-f]{2}$`),
	"IPv4":       regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`),
}

// openMaps have keys that depend on the container, not on the contract.
var openMaps = []string{"labels", "ports", "networks", "attrs"}

// requireShape compares an answer with an example of the contract: the same keys, the same
// types, the same text formats; values may differ.
func requireShape(t *testing.T, golden string, got string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "contract", golden))
	require.NoError(t, err)
	var want, have any
	require.NoError(t, json.Unmarshal(text, &want))
	require.NoError(t, json.Unmarshal([]byte(got), &have), got)
	compare(t, golden, want, have)
}

func compare(t *testing.T, at string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		require.True(t, ok, "%s: object expected, got %v", at, got)
		compareObjects(t, at, w, g)
	case []any:
		g, ok := got.([]any)
		require.True(t, ok, "%s: array expected, got %v", at, got)
		for _, element := range g {
			compare(t, at+"[]", w[0], element)
		}
	case string:
		g, ok := got.(string)
		require.True(t, ok, "%s: string expected, got %v", at, got)
		for name, format := range textFormats {
			if format.MatchString(w) && g != "" {
				require.Regexp(t, format, g, "%s: text format %s", at, name)
			}
		}
	default:
		require.IsType(t, want, got, at)
	}
}

func compareObjects(t *testing.T, at string, want, got map[string]any) {
	t.Helper()
	key := filepath.Base(at)
	_, keyedByID := want["58287566f213"]
	if slices.Contains(openMaps, key) || keyedByID {
		for name, value := range got {
			compare(t, at+"/"+name, first(want), value)
		}
		return
	}
	for name := range want {
		require.Contains(t, got, name, at)
		compare(t, at+"/"+name, want[name], got[name])
	}
	for name := range got {
		require.Contains(t, want, name, "%s: a key that the contract doesn't have", at)
	}
}

func first(m map[string]any) any {
	for _, v := range m {
		return v
	}
	return nil
}

func golden(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "contract", name))
	require.NoError(t, err)
	return string(text)
}
