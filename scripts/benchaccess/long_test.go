package benchaccess

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// long lists tests of the suite that have a full size, under WHARF_TEST_LONG=1, and log their figures.
var long = []struct{ what, must, dir, test string }{
	{
		"100 racing first sign-ups × 50, SQLite and Postgres", "exactly one admin each time",
		"service", "TestOfManyFirstSignupsOneIsAdmin",
	},
	{"forged tokens, JWT and PASETO", "≥ 1,000,000 inputs: 0 accepted, 0 panics", "token", "TestForgedTokensAreRefused"},
	{
		"500 random actions on a real engine, some callers hang up", "one row each with its outcome; every end attributed",
		"api", "TestAuditAgreesWithTheEnginesOwnEvents",
	},
}

var seen = regexp.MustCompile(`seen: (.*)`)

func TestTheSuitesLongRunsPass(t *testing.T) {
	benchkit.Parallel(t)
	for _, c := range long {
		if !benchkit.Full { // the suite runs them small: here only check that they exist
			requireTest(t, c.dir, c.test)
			continue
		}
		began := time.Now()
		cmd := exec.Command("go", "test", "-count=1", "-v", "-run", "^"+c.test+"$", "wharf/"+c.dir)
		cmd.Env = append(os.Environ(), "WHARF_TEST_LONG=1")
		out, err := cmd.CombinedOutput()
		figure := seen.FindSubmatch(out)
		require.True(t, err == nil && figure != nil, "%s: %v\n%s", c.test, err, out)
		benchkit.Figure(c.what, c.must, "%s (%s, %.0f s)", figure[1], c.test, time.Since(began).Seconds())
	}
}

// requireTest requires that a package has a test of that name.
func requireTest(t *testing.T, dir, test string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", dir, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "func "+test+"(") {
			return
		}
	}
	require.Fail(t, "no such test", "%s in %s", test, dir)
}
