package connect

import (
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadFromAConnectionThatTheDeadlineClosedIsATimeout(t *testing.T) {
	t.Parallel()
	err := &net.OpError{Op: "read", Net: "tcp", Err: net.ErrClosed}
	require.Equal(t, FaultTimeout, KindOf(fmt.Errorf("read the list: %w", err)))
}
