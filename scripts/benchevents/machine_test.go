package benchevents

import (
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// Many runs of the state machine test of log and hub, which `make test` runs only twenty times.
func TestManyRunsOfTheStateMachine(t *testing.T) {
	benchkit.Parallel(t)
	onlyFull(t)
	out, err := exec.Command("go", "test", "-count=1", "-v", "-run=^TestEveryClientGetsEachEventOnceOrAGap$",
		"wharf/service/eventlog", "-rapid.checks=500", "-rapid.nofailfile").CombinedOutput()
	passed := regexp.MustCompile(`OK, passed 500 tests \(.*?\)`).FindString(string(out))
	if passed == "" {
		passed = "FAILED"
	}
	benchkit.Figure("log and hub as a state machine: publish, stall, cut, outage, restart, resume, 500 times",
		"each event once, in order, or inside a gap", "%s", passed)
	require.NoError(t, err, string(out))
	require.NotEqual(t, "FAILED", passed, string(out))
}
