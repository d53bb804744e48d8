package service

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
)

// TestAttributionKnowsWhatOperationsCause compares the attribution's table with that of the operations.
func TestAttributionKnowsWhatOperationsCause(t *testing.T) {
	t.Parallel()
	for action, actions := range causes {
		var names []string
		for _, a := range actions {
			names = append(names, strings.TrimPrefix(a, actionPrefix))
		}
		require.ElementsMatch(t, dockerx.OperationsCausing(action), names, action)
	}
	for _, action := range []string{"start", "stop", "restart", "kill", "die", "died", "pause", "unpause"} {
		require.Contains(t, causes, action)
	}
}
