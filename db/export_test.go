package db

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// HoldSchemaLock holds what another process's migration would hold.
func HoldSchemaLock(t *testing.T, path string) (release func()) {
	t.Helper()
	f, err := lockFile(schemaLock(path), 0)
	require.NoError(t, err)
	return func() { require.NoError(t, f.Close()) }
}
