package db

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"
)

// HoldSchemaLock takes the lock that another process's migration would hold, until release is called.
func HoldSchemaLock(t *testing.T, path string) (release func()) {
	t.Helper()
	f, err := lockFile(schemaLock(path), 0)
	require.NoError(t, err)
	return func() { require.NoError(t, f.Close()) }
}

// Pool returns the connection pool, for a test that reads query plans.
func (d *DB) Pool() *sql.DB { return d.pool }
