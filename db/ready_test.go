package db_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/util/apperr"
)

func TestWritableTriesAWrite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		require.NoError(t, d.Writable(t.Context()))
		n, err := d.Queries().GetCounter(t.Context(), "ready")
		require.NoError(t, err)
		require.NoError(t, d.Writable(t.Context()))
		again, err := d.Queries().GetCounter(t.Context(), "ready")
		require.NoError(t, err)
		require.LessOrEqual(t, again, n+1, "one write a second at most")
	})
}

func TestReadOnlyDatabaseIsNotWritable(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		d := dbtest.Open(t, dbtest.PostgresSource(t)+"&default_transaction_read_only=on")
		require.NoError(t, d.Ping(t.Context()), "it answers")
		require.ErrorContains(t, d.Writable(t.Context()), "read-only")
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d, err := db.Open(t.Context(), dbtest.SQLiteSource(t), db.Options{MaxConns: 1})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		_, err = d.Pool().ExecContext(t.Context(), "PRAGMA query_only = 1")
		require.NoError(t, err)
		require.NoError(t, d.Ping(t.Context()))
		require.ErrorContains(t, d.Writable(t.Context()), "readonly")
	})
}

// The lock of a file also excludes servers that open the file by another name.
func TestServersLockFindsTheFileByEveryName(t *testing.T) {
	t.Parallel()
	server := db.Options{Server: true}
	open := func(path string) error {
		d, err := db.Open(t.Context(), "sqlite:"+path, server)
		if err == nil {
			t.Cleanup(func() { _ = d.Close() })
		}
		return err
	}
	path := strings.TrimPrefix(dbtest.SQLiteSource(t), "sqlite:")
	other := t.TempDir()
	require.NoError(t, open(path))
	require.NoError(t, os.Symlink(path, filepath.Join(other, "link.db")))
	require.ErrorContains(t, open(filepath.Join(other, "link.db")), "another wharf serves")
	folder := filepath.Join(other, "folder")
	require.NoError(t, os.Symlink(filepath.Dir(path), folder))
	require.ErrorContains(t, open(filepath.Join(folder, filepath.Base(path))), "another wharf serves")
	require.NoError(t, os.Link(path, filepath.Join(filepath.Dir(path), "hard.db")))
	require.ErrorContains(t, open(filepath.Join(filepath.Dir(path), "hard.db")), "hard links")
}

// A writer that waits too long in the queue fails instead of waiting forever.
func TestWriterOfSQLiteWaitsNoLongerThanAStatementMay(t *testing.T) {
	t.Parallel()
	d, err := db.Open(t.Context(), dbtest.SQLiteSource(t), db.Options{Timeout: 200 * time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	holds, release := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- d.InTx(context.WithoutCancel(t.Context()), func(*sqlc.Queries) error {
			close(holds)
			<-release
			return nil
		})
	}()
	<-holds
	err = d.InTx(t.Context(), func(*sqlc.Queries) error { return nil })
	require.Equal(t, apperr.Away, apperr.KindOf(err), "%v", err)
	_, err = d.Queries().RaiseCounter(t.Context(), "users")
	require.Equal(t, apperr.Away, apperr.KindOf(err), "%v", err)
	close(release)
	<-held
}
