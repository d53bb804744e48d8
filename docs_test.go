package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTroubleshootingQuotesMessagesThatExist looks up each quoted heading of docs/troubleshooting.md: the parts around its "…"
// must occur in a source file or in an error message of the system.
func TestTroubleshootingQuotesMessagesThatExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/troubleshooting.md")
	require.NoError(t, err)
	texts := []string{"bind: " + syscall.EADDRINUSE.Error()} // printed by package net
	for file := range sources(t) {
		if !strings.HasSuffix(file, "_test.go") {
			content, err := os.ReadFile(filepath.FromSlash(file))
			require.NoError(t, err)
			texts = append(texts, strings.ReplaceAll(string(content), "\"+\n\t\t\t\"", ""))
		}
	}
	code := strings.Join(texts, "\n")
	headings := regexp.MustCompile("(?m)^### `([^`]*)`").FindAllStringSubmatch(string(page), -1)
	require.Greater(t, len(headings), 15)
	for _, h := range headings {
		for part := range strings.SplitSeq(h[1], "…") {
			part = strings.Trim(part, " :")
			if !strings.Contains(code, part) {
				t.Errorf("docs/troubleshooting.md: %q is in no source file", part)
			}
		}
	}
}

// TestLinksOfThePapersLeadSomewhere checks that each link to a file of this repository leads to one.
func TestLinksOfThePapersLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	more, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	link := regexp.MustCompile(`\]\(([^)#]+)(?:#[^)]*)?\)`)
	for _, page := range append(pages, more...) {
		content, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, found := range link.FindAllStringSubmatch(string(content), -1) {
			if !strings.Contains(found[1], "://") {
				require.FileExists(t, filepath.Join(filepath.Dir(page), found[1]), page)
			}
		}
	}
}

// TestContributingNamesFilesThatExist checks that each path in backquotes exists.
func TestContributingNamesFilesThatExist(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	path := regexp.MustCompile("`([a-z_0-9]+(?:/[a-z_0-9]+)*\\.(?:go|md|sh|txt|ts|tsx|sql)|(?:api|service|dockerx|db|util|web|scripts)(?:/[a-z_0-9]+)+)`")
	found := path.FindAllStringSubmatch(string(content), -1)
	require.Greater(t, len(found), 40)
	for _, f := range found {
		if strings.Contains(f[1], "/") {
			_, err := os.Stat(f[1])
			require.NoError(t, err)
		}
	}
}

// TestArchitectureHasEveryPackage checks that ARCHITECTURE.md names every package.
func TestArchitectureHasEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("ARCHITECTURE.md")
	require.NoError(t, err)
	for pkg := range rows {
		parent, name := filepath.Split(pkg)
		switch {
		case pkg == ".", strings.HasPrefix(parent, "scripts/"), strings.HasSuffix(parent, "dockertest/"), pkg == "db/sqlc", pkg == "db/migration", pkg == "web/src":
		case parent == "util/":
			require.Contains(t, string(page), name, pkg)
		default:
			require.Contains(t, string(page), pkg+"/", "ARCHITECTURE.md has no line for it")
		}
	}
}
