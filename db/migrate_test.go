package db_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
)

// open is like dbtest.Open, with options.
func open(t *testing.T, source string, o db.Options) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), source, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func eachEmpty(t *testing.T, test func(t *testing.T, source string)) {
	t.Helper()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, dbtest.EmptyPostgresSource(t))
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "data dir", "a?b#c%.db"))
	})
}

func TestTenAtOnceMigrateAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, source string) {
		var wg sync.WaitGroup
		for range 10 {
			d := open(t, source, db.Options{})
			wg.Go(func() {
				if err := d.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d := open(t, source, db.Options{})
		v, err := d.Version(t.Context())
		require.NoError(t, err)
		require.Equal(t, v.Latest, v.Current)
		require.NotZero(t, v.Latest)
		require.False(t, v.Dirty)
		n, err := d.Queries().GetCounter(t.Context(), "revocations")
		require.NoError(t, err)
		require.Zero(t, n)
	})
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, source string) {
		d := open(t, source, db.Options{})
		v, err := d.Version(t.Context())
		require.NoError(t, err)
		require.Zero(t, v.Current)
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.Migrate(t.Context()), "nothing to do is no error")
		require.NoError(t, d.MigrateDown(t.Context(), 1))
		v, err = d.Version(t.Context())
		require.NoError(t, err)
		require.Less(t, v.Current, v.Latest)
		require.NoError(t, d.Migrate(t.Context()))
		require.NoError(t, d.MigrateDown(t.Context(), 0))
		require.NoError(t, d.MigrateDown(t.Context(), 1), "nothing to take back is no error")
		_, err = d.Queries().CountUsers(t.Context())
		require.Error(t, err, "no table is left")
		require.NoError(t, d.Migrate(t.Context()))
	})
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, source string) {
		d := open(t, source, db.Options{})
		require.NoError(t, d.Migrate(t.Context()))
		exec(t, d, source, "UPDATE schema_migrations SET version = 9999")
		require.ErrorContains(t, d.Migrate(t.Context()), "at version 9999")
		require.ErrorContains(t, d.MigrateDown(t.Context(), 1), "at version 9999")
	})
}

func TestMigrationThatBrokeOffIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	eachEmpty(t, func(t *testing.T, source string) {
		d := open(t, source, db.Options{})
		require.NoError(t, d.Migrate(t.Context()))
		exec(t, d, source, "UPDATE schema_migrations SET version = 2, dirty = true")
		require.ErrorContains(t, d.Migrate(t.Context()), "to version 2 began and did not end")
		require.ErrorContains(t, d.MigrateDown(t.Context(), 1), "to version 2 began and did not end")
		v, err := d.Version(t.Context())
		require.NoError(t, err)
		require.True(t, v.Dirty)
		require.EqualValues(t, 2, v.Current)
	})
}

// exec runs a statement for which wharf has no query, on the database of a source.
func exec(t *testing.T, d *db.DB, source, statement string) {
	t.Helper()
	driver, dsn := "postgres", source
	if d.Kind() == db.SQLite {
		driver, dsn = "sqlite", strings.TrimPrefix(source, "sqlite:")
		dsn = "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(dsn)
	}
	raw, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, raw.Close()) }()
	_, err = raw.Exec(statement)
	require.NoError(t, err)
}

// TestFrozenMigrationFailsTheOthersInTime holds the lock that a frozen process would hold.
func TestFrozenMigrationFailsTheOthersInTime(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		source := dbtest.EmptyPostgresSource(t)
		require.NoError(t, open(t, source, db.Options{}).Migrate(t.Context()))
		raw, err := sql.Open("postgres", source)
		require.NoError(t, err)
		defer func() { require.NoError(t, raw.Close()) }()
		tx, err := raw.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = tx.Exec("LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE")
		require.NoError(t, err)
		began := time.Now()
		err = open(t, source, db.Options{LockTimeout: 300 * time.Millisecond}).Migrate(t.Context())
		require.ErrorContains(t, err, "lock timeout")
		require.Less(t, time.Since(began), 10*time.Second)
		require.NoError(t, tx.Rollback())
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "w.db")
		release := db.HoldSchemaLock(t, path)
		d := open(t, "sqlite:"+path, db.Options{LockTimeout: 100 * time.Millisecond})
		require.ErrorContains(t, d.Migrate(t.Context()), "locked by another process")
		release()
		require.NoError(t, d.Migrate(t.Context()))
	})
}

func TestOneServerPerFileAndCommandsBesideIt(t *testing.T) {
	t.Parallel()
	source := dbtest.SQLiteSource(t)
	server, err := db.Open(t.Context(), source, db.Options{Server: true})
	require.NoError(t, err)
	_, err = db.Open(t.Context(), source, db.Options{Server: true})
	require.ErrorContains(t, err, "another wharf serves")

	command := open(t, source, db.Options{})
	require.NoError(t, command.Migrate(t.Context()))
	require.NoError(t, command.Queries().CreateUser(t.Context(), newUser("added", db.Time(time.Now()))))
	n, err := server.Queries().CountUsers(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.ErrorContains(t, command.MigrateDown(t.Context(), 1), "end it first")

	require.NoError(t, server.Close())
	next, err := db.Open(t.Context(), source, db.Options{Server: true})
	require.NoError(t, err)
	require.NoError(t, next.MigrateDown(t.Context(), 1), "the holder itself may")
	require.NoError(t, next.Close())
}

func TestSQLiteFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "w.db")
	d := open(t, "sqlite:"+path, db.Options{Server: true})
	require.NoError(t, d.Migrate(t.Context()))
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f.Name())
	}
}

func TestBadSourcesAreRefusedWithoutTheirPassword(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"", "wharf.db", "mysql://u:hunter2@h/d", "sqlite:", "postgresql://u:hunter2@h:notaport/d",
		"postgresql://u:hunter2@h/d?sslmode=nonsense", "postgresql://u:hunter2@%zz/d",
	} {
		_, err := db.Open(t.Context(), source, db.Options{})
		require.Error(t, err, source)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
