// Package dbtest gives each test a separate database, on every engine that wharf runs on.
package dbtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
)

// Each runs a test on Postgres and on SQLite, in parallel, each time on a new database with the current schema. With -short
// it skips Postgres; otherwise WHARF_TEST_POSTGRES must be set.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	EachSource(t, func(t *testing.T, source string) { test(t, Open(t, source)) })
}

// EachSource is like Each, for tests that open the database several times, like replicas.
func EachSource(t *testing.T, test func(t *testing.T, source string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, PostgresSource(t))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, SQLiteSource(t))
	})
}

// Open opens a source and closes it at the end of the test. Its statements have a longer timeout than a server's, as many
// tests share a machine.
func Open(t testing.TB, source string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), source, db.Options{MaxConns: 8, Timeout: 30 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// SQLiteSource returns the source of a new migrated file. It is a copy of a template, which each process migrates once.
func SQLiteSource(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "wharf.db")
	require.NoError(t, os.WriteFile(path, template, 0o600))
	return "sqlite:" + path
}

var sqliteTemplate = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "wharf-template-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "wharf.db")
	// Closing the last connection moves the write-ahead log into the file.
	if err := migrated(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrated(ctx context.Context, source string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	d, err := db.Open(ctx, source, db.Options{})
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := d.Close(); err == nil {
			err = closeErr
		}
	}()
	return d.Migrate(ctx)
}
