package db

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
)

// HoldSchemaLock holds the lock of another process's migration.
func HoldSchemaLock(t *testing.T, path string) (release func()) {
	t.Helper()
	f, err := lockFile(schemaLock(path), 0)
	require.NoError(t, err)
	return func() { require.NoError(t, f.Close()) }
}

// Pool returns the connections themselves, for a test that reads plans.
func (d *DB) Pool() *sql.DB { return d.pool }
