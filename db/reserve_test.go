package db

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db/sqlc"
)

// fullDisk makes SQLite report a full disk.
func fullDisk(t *testing.T) error {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "full.db"))
	require.NoError(t, err)
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	_, err = pool.ExecContext(t.Context(), "PRAGMA max_page_count = 2; CREATE TABLE t (x)")
	require.NoError(t, err)
	_, err = pool.ExecContext(t.Context(), "INSERT INTO t VALUES (zeroblob(100000))")
	require.True(t, diskFull(err), "%v", err)
	return err
}

func TestReserveLetsRightsBeTakenAwayOnAFullDisk(t *testing.T) {
	t.Parallel()
	full := fullDisk(t)
	path := filepath.Join(t.TempDir(), "wharf.db")
	open := func(o Options) *DB {
		d, err := Open(t.Context(), "sqlite:"+path, o)
		require.NoError(t, err)
		return d
	}
	size := func() int64 {
		info, err := os.Stat(reserveFile(path))
		require.NoError(t, err)
		return info.Size()
	}
	// fullFor returns a function that fails the given number of times.
	fullFor := func(times int) func(*sqlc.Queries) error {
		return func(*sqlc.Queries) error {
			if times--; times >= 0 {
				return full
			}
			return nil
		}
	}
	server := open(Options{Server: true})
	require.Equal(t, int64(reserveSize), size())
	require.NoError(t, server.InTxReserved(t.Context(), fullFor(2)))
	require.Equal(t, int64(reserveSize-2*reserveStep), size())
	require.ErrorIs(t, server.InTxReserved(t.Context(), func(*sqlc.Queries) error { return context.Canceled }), context.Canceled)
	require.Equal(t, int64(reserveSize-2*reserveStep), size(), "other failures leave it")
	require.True(t, diskFull(server.InTxReserved(t.Context(), fullFor(1000))), "it ends some time")
	require.Zero(t, size())
	require.NoError(t, server.Close())

	require.NoError(t, open(Options{Server: true}).Close())
	require.Equal(t, int64(reserveSize), size(), "the next start fills it again")
	command := open(Options{})
	require.True(t, diskFull(command.InTxReserved(t.Context(), fullFor(1))), "a command beside a server leaves it")
	require.Equal(t, int64(reserveSize), size())
	require.NoError(t, command.Close())
}
