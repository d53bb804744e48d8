package main_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// row lists the packages of this module that a package may import: in all its files, and those that only its tests may import
// in addition. tests may also list packages that a gate denies to the rest. "util/..." stands for everything below util.
type row struct {
	imports []string
	tests   []string
}

// Imports point one way: main → api → service → {db, token, dockerx} → util. A package without a row fails the test, as does a
// row without a package. A change here changes the design and must be explained in ARCHITECTURE.md.
var rows = map[string]row{
	".": {
		imports: []string{"api", "cli", "service", "service/bulk", "service/eventlog", "service/leases", "service/pulls", "service/recreate", "service/terminal", "db", "token", "dockerx", "dockerx/connect", "dockerx/events", "dockerx/images", "dockerx/stats", "web", "util/..."},
		tests:   []string{"client", "api/dto", "db/dbtest", "dockerx/dockertest", "scripts/benchkit", "scripts/nginxtest", "scripts/prometheustest"},
	},
	"api": {
		imports: []string{"api/channels", "api/dockerapi", "api/dto", "api/edge", "api/events", "api/idempotency", "api/logs", "api/metrics", "api/openapi", "api/stream", "api/turns", "api/usage", "service", "service/bulk", "service/eventlog", "service/logs", "service/pulls", "service/terminal", "dockerx", "dockerx/containers", "dockerx/images", "dockerx/operations", "dockerx/stats", "web", "util/..."},
		tests:   []string{"service/recreate", "db", "db/dbtest", "dockerx/connect", "dockerx/dockertest", "scripts/benchkit", "scripts/nginxtest", "scripts/prometheustest", "token"},
	},
	"api/channels": {},
	"api/dockerapi": {
		imports: []string{"api/stream", "service", "service/eventlog", "service/logs", "service/terminal", "dockerx", "dockerx/containers", "dockerx/events", "dockerx/logs", "dockerx/operations", "dockerx/stats", "dockerx/wire", "util/..."},
	},
	"api/dto":         {imports: []string{"util/apperr"}},
	"api/edge":        {imports: []string{"api/stream", "util/apperr"}},
	"api/events":      {imports: []string{"api/dto", "api/stream", "dockerx/containers", "dockerx/events", "service", "service/eventlog", "util/..."}},
	"api/idempotency": {imports: []string{"service", "util/apperr"}},
	"api/logs":        {imports: []string{"api/dto", "api/stream", "dockerx/logs", "service/logs", "util/..."}},
	"api/metrics":     {imports: []string{"api/stream", "dockerx", "service", "util/..."}},
	"api/openapi":     {},
	"api/stream":      {imports: []string{"util/apperr"}},
	"api/turns":       {imports: []string{"util/apperr"}},
	"api/usage":       {imports: []string{"api/dto", "api/stream", "dockerx/stats", "service", "util/..."}},
	"service": {
		imports: []string{"service/attribution", "service/eventlog", "service/logs", "service/recreate", "db", "db/sqlc", "dockerx", "dockerx/containers", "dockerx/events", "dockerx/images", "dockerx/logs", "dockerx/operations", "dockerx/stats", "dockerx/wire", "token", "util/..."},
		tests:   []string{"db/dbtest", "dockerx/dockertest", "github.com/alexedwards/argon2id"},
	},
	"service/pulls": {
		imports: []string{"service", "db", "db/sqlc", "dockerx/images", "util/..."},
		tests:   []string{"db/dbtest", "dockerx", "dockerx/dockertest"},
	},
	"service/bulk": {
		imports: []string{"service", "db", "db/sqlc", "dockerx/containers", "dockerx/operations", "util/..."},
		tests:   []string{"db/dbtest", "dockerx", "dockerx/dockertest", "token"},
	},
	"service/recreate": {
		imports: []string{"db", "db/sqlc", "dockerx", "dockerx/containers", "dockerx/images", "dockerx/operations", "util/..."},
		tests:   []string{"db/dbtest", "dockerx/dockertest"},
	},
	"service/terminal": {
		imports: []string{"service", "db", "db/sqlc", "dockerx", "dockerx/containers", "util/..."},
		tests:   []string{"db/dbtest", "dockerx/dockertest", "token"},
	},
	"service/attribution": {
		imports: []string{"db", "db/sqlc", "dockerx/events", "dockerx/operations"},
		tests:   []string{"db/dbtest", "service/eventlog"},
	},
	"service/leases": {imports: []string{"db", "db/sqlc", "util/..."}, tests: []string{"db/dbtest", "pgregory.net/rapid"}},
	"service/logs":   {imports: []string{"dockerx/logs", "util/..."}, tests: []string{"dockerx/dockertest"}},
	"service/eventlog": {
		imports: []string{"db", "db/sqlc", "dockerx/events", "util/..."},
		tests:   []string{"db/dbtest", "dockerx/dockertest"},
	},
	"db":                     {imports: []string{"db/sqlc", "util/..."}, tests: []string{"db/dbtest"}},
	"db/dbtest":              {imports: []string{"db"}, tests: []string{"db/sqlc"}},
	"db/sqlc":                {},
	"token":                  {imports: []string{"util/..."}},
	"dockerx":                {imports: []string{"dockerx/connect", "dockerx/containers", "dockerx/engine", "dockerx/events", "dockerx/images", "dockerx/logs", "dockerx/operations", "dockerx/recreate", "dockerx/stats", "dockerx/wire", "util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/engine":         {imports: []string{"dockerx/connect", "dockerx/images", "dockerx/logs", "dockerx/wire", "util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/connect":        {tests: []string{"dockerx/dockertest"}},
	"dockerx/containers":     {imports: []string{"dockerx/connect", "dockerx/engine", "dockerx/events", "dockerx/wire", "util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/operations":     {imports: []string{"dockerx/containers", "dockerx/engine", "dockerx/events", "dockerx/images", "util/..."}},
	"dockerx/events":         {imports: []string{"dockerx/connect", "util/..."}},
	"dockerx/images":         {imports: []string{"util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/logs":           {imports: []string{"util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/stats":          {imports: []string{"util/..."}, tests: []string{"dockerx/dockertest"}},
	"dockerx/recreate":       {imports: []string{"util/..."}},
	"dockerx/wire":           {},
	"dockerx/dockertest":     {},
	"dockerx/dockertest/app": {},
	"util/apperr":            {},
	"util/asciicast":         {},
	"util/config":            {},
	"util/histogram":         {},
	"util/memo":              {},
	"util/memory":            {},
	"util/recentset":         {},
	"util/steady":            {},
	"util/password":          {imports: []string{"util/apperr"}},
	"util/text":              {},
	"web/browsertest":        {},
	"web":                    {tests: []string{"web/browsertest", "api", "service", "service/bulk", "service/pulls", "service/recreate", "service/terminal", "service/eventlog", "db", "db/dbtest", "dockerx", "dockerx/dockertest", "token", "util/..."}},
	"scripts/benchaccess":    {tests: []string{"api", "db", "db/dbtest", "dockerx", "dockerx/dockertest", "scripts/benchkit", "service", "service/eventlog", "token"}},
	"scripts/benchedge":      {tests: []string{"db", "db/dbtest", "dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchevents":    {tests: []string{"dockerx/events", "github.com/docker/docker/...", "db/dbtest", "dockerx", "dockerx/dockertest", "scripts/benchkit", "service/eventlog"}},
	"scripts/benchreplicas":  {tests: []string{"db/dbtest", "dockerx/dockertest", "scripts/benchkit", "scripts/nginxtest"}},
	"scripts/benchhosts":     {tests: []string{"dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchterminal":  {tests: []string{"api/dto", "client", "dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchdocker":    {tests: []string{"api/dto", "client", "dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchoperations": {
		tests: []string{"api/dto", "client", "dockerx/dockertest", "scripts/benchkit"},
	},
	"scripts/benchweb":       {tests: []string{"web/browsertest", "dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchlogs":      {tests: []string{"db/dbtest", "dockerx/dockertest", "scripts/benchkit"}},
	"scripts/benchkit":       {imports: []string{"api/dto", "client"}},
	"scripts/nginxtest":      {},
	"scripts/prometheustest": {},
	"scripts/spec":           {imports: []string{"api", "api/dto", "service"}},
	"scripts/spec/commands":  {imports: []string{"cli"}},
	"client":                 {imports: []string{"api/channels", "api/dto"}, tests: []string{"api", "service", "service/eventlog", "db/dbtest", "dockerx", "dockerx/dockertest", "token"}},
	"cli":                    {imports: []string{"client", "api/dto", "util/..."}},
	"scripts/testbed":        {},
	"scripts/benchstats":     {},
	"scripts/testreport":     {},
}

// gates lists, by prefix of an import path from outside the module, the packages that may import it, tests included. Paths
// without a gate are free.
var gates = map[string][]string{
	"github.com/docker/":         {"dockerx/..."},
	"github.com/lib/pq":          {"db/..."},
	"modernc.org/sqlite":         {"db/..."},
	"github.com/golang-migrate/": {"db/..."},
	"database/sql":               {"db/...", "service/..."},
	"github.com/go-chi/":         {"api", "api/edge"},
	"github.com/golang-jwt/":     {"token"},
	"github.com/o1egl/paseto":    {"token"},
	"github.com/alexedwards/":    {"util/password"},
	"github.com/prometheus/":     {"api/metrics"},
	// service speaks neither HTTP nor Docker's protocol: only the packages around it do.
	"net/http": {".", "api", "api/channels", "api/dockerapi", "api/edge", "api/logs", "api/metrics", "api/stream", "api/turns", "cli", "client", "web", "dockerx/...", "scripts/..."},
}

// testOnly lists packages that may be part of no binary.
var testOnly = []string{"wharf/db/dbtest", "wharf/dockerx/dockertest", "wharf/scripts/benchkit", "wharf/scripts/nginxtest", "wharf/scripts/prometheustest", "wharf/web/browsertest"}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	found := sources(t)
	for pkg := range rows {
		hasFile := func(file string) bool { return path.Dir(file) == pkg }
		if !slices.ContainsFunc(slices.Collect(maps.Keys(found)), hasFile) {
			t.Errorf("row %s has no package: remove it from arch_test.go", pkg)
		}
	}
	for file, imports := range found {
		pkg := path.Dir(file)
		allowed, ok := rows[pkg]
		if !ok {
			t.Errorf("package %s has no row: say in arch_test.go what it may import", pkg)
			continue
		}
		isTest := strings.HasSuffix(file, "_test.go")
		for _, imported := range imports {
			own, inside := strings.CutPrefix(imported, "wharf/")
			switch {
			case isTest && covers(allowed.tests, imported):
			case !inside:
				checkGate(t, file, pkg, imported)
			case own == pkg, covers(allowed.imports, own), isTest && covers(allowed.tests, own):
			default:
				t.Errorf("%s imports %s: not in its row in arch_test.go", file, own)
			}
			if !isTest && slices.Contains(testOnly, imported) {
				t.Errorf("%s imports %s, which is for tests", file, own)
			}
		}
	}
}

func checkGate(t *testing.T, file, pkg, imported string) {
	t.Helper()
	for prefix, users := range gates {
		if strings.HasPrefix(imported, prefix) && !covers(users, pkg) {
			t.Errorf("%s imports %s: only %s may", file, imported, strings.Join(users, ", "))
		}
	}
}

// covers reports whether one of the patterns, "a/b" or "a/...", matches the package.
func covers(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		parent, tree := strings.CutSuffix(p, "/...")
		return pkg == parent || tree && strings.HasPrefix(pkg, parent+"/")
	})
}

// TestFilesStayShort fails for source files of more than 400 lines, and logs files of more than 250. Tests may be longer, since
// tables of cases are.
func TestFilesStayShort(t *testing.T) {
	t.Parallel()
	for _, file := range slices.Sorted(maps.Keys(sources(t))) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := bytes.Count(content, []byte("\n"))
		switch {
		case bytes.HasPrefix(content, []byte("// Code generated")):
		case lines > 400 && !strings.HasSuffix(file, "_test.go"):
			t.Errorf("%s has %d lines: split it", file, lines)
		case lines > 250:
			t.Logf("%s has %d lines: have a look", file, lines)
		}
	}
}

// TestTestsDontSleep: a test waits for a condition or a signal. Inside testing/synctest sleeping takes no time, so files
// that use it are exempt; so are the benchmarks in scripts, which measure time.
func TestTestsDontSleep(t *testing.T) {
	t.Parallel()
	for file, imports := range sources(t) {
		if !strings.HasSuffix(file, "_test.go") || slices.Contains(imports, "testing/synctest") || file == "arch_test.go" ||
			strings.HasPrefix(file, "scripts/bench") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		if bytes.Contains(content, []byte("time.Sleep(")) {
			t.Errorf("%s sleeps: wait for a signal, or use testing/synctest", file)
		}
	}
}

// sources maps every Go file of the module to its imports, regardless of build constraints.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return skipDir(name, entry)
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		found[filepath.ToSlash(name)] = []string{}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			found[filepath.ToSlash(name)] = append(found[filepath.ToSlash(name)], imported)
		}
		return nil
	})
	require.NoError(t, err)
	require.Contains(t, found, "arch_test.go")
	return found
}

// skipDir skips directories without packages of this module: hidden ones, test data, other modules.
func skipDir(name string, entry fs.DirEntry) error {
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	otherModule := err == nil && name != "."
	hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
	if otherModule || hidden || entry.Name() == "testdata" || entry.Name() == "node_modules" {
		return fs.SkipDir
	}
	return nil
}
