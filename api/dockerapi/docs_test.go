package dockerapi

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/service"
)

const (
	docsPage  = "../../docs/docker-tools.md"
	docsBegin = "<!-- the typed tier's table, made by UPDATE_DOCS=1 go test ./api/dockerapi -->\n"
	docsEnd   = "<!-- the table's end -->\n"
)

// The page lists the operations of the table. UPDATE_DOCS=1 writes it.
func TestPageHasTheTable(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(docsPage)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(page), docsBegin)
	require.True(t, ok)
	written, after, ok := strings.Cut(rest, docsEnd)
	require.True(t, ok)
	table := typedTable()
	if os.Getenv("UPDATE_DOCS") != "" {
		require.NoError(t, os.WriteFile(docsPage, []byte(before+docsBegin+table+docsEnd+after), 0o644)) //nolint:gosec // a page
		return
	}
	require.Equal(t, table, written, "UPDATE_DOCS=1 go test ./api/dockerapi")
}

func typedTable() string {
	var b strings.Builder
	b.WriteString("\n| operation | permission | parameters |\n|---|---|---|\n")
	for _, rt := range Routes(service.NewHosts(nil, nil)) {
		if rt.Typed() {
			fmt.Fprintf(&b, "| `%s %s` | %s | %s |\n", rt.Method, rt.Pattern, rt.Permission(), strings.Join(rt.query, ", "))
		}
	}
	b.WriteString("\n")
	return b.String()
}
