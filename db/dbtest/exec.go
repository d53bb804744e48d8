package dbtest

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db"
)

// Migrated migrates an empty database to the current schema. Tests of a whole program use it with Exec to fill the database
// before the program starts.
func Migrated(t testing.TB, source string) {
	t.Helper()
	require.NoError(t, migrated(context.Background(), source))
}

// Exec runs statements that wharf has no query for.
func Exec(t testing.TB, source string, statements ...string) {
	t.Helper()
	pool := open(t, source)
	defer func() { require.NoError(t, pool.Close()) }()
	for _, statement := range statements {
		_, err := pool.ExecContext(context.Background(), statement)
		require.NoError(t, err)
	}
}

func open(t testing.TB, source string) *sql.DB {
	t.Helper()
	driver, name := "postgres", source
	if path, lite := strings.CutPrefix(source, "sqlite:"); lite {
		driver, name = "sqlite", path
	}
	pool, err := sql.Open(driver, name)
	require.NoError(t, err)
	return pool
}

// Text returns the result of a query for one value, as text.
func Text(t testing.TB, source, query string) (text string) {
	t.Helper()
	pool := open(t, source)
	defer func() { require.NoError(t, pool.Close()) }()
	require.NoError(t, pool.QueryRowContext(context.Background(), query).Scan(&text))
	return text
}

// KindOf returns the engine that a source names.
func KindOf(source string) db.Kind {
	if strings.HasPrefix(source, "sqlite:") {
		return db.SQLite
	}
	return db.Postgres
}

// Size returns the size of a database on disk, in bytes: of its files, or as Postgres reports it.
func Size(t testing.TB, source string) (size int64) {
	t.Helper()
	if path, lite := strings.CutPrefix(source, "sqlite:"); lite {
		for _, file := range []string{path, path + "-wal"} {
			if info, err := os.Stat(file); err == nil {
				size += info.Size()
			}
		}
		return size
	}
	pool, err := sql.Open("postgres", source)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	require.NoError(t, pool.QueryRowContext(context.Background(), "SELECT pg_database_size(current_database())").Scan(&size))
	return size
}
