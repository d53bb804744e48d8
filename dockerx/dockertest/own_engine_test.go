package dockertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestOwnEngineComesBackWithItsContainers(t *testing.T) {
	t.Parallel()
	own := dockertest.NewOwnEngine(t)
	id := own.Run(t, dockertest.Spec{})

	own.KillEngine(t)
	_, err := own.Client().Ping(t.Context())
	require.Error(t, err, "a killed engine does not answer")
	own.StartEngine(t)
	own.AwaitState(t, id, "exited")

	own.Start(t, id)
	own.StopEngine(t)
	own.StartEngine(t)
	require.Equal(t, "exited", own.State(t, id))
}
