package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"wharf/db"
)

// PostgresSource returns the source of a new migrated database, which is copied from a template and dropped at the end of the
// test. Its sessions use an unusual time zone, to reveal errors with times.
func PostgresSource(t testing.TB) string {
	t.Helper()
	return create(t, func() (string, error) { return postgresTemplate() })
}

// EmptyPostgresSource returns the source of a new database without a schema.
func EmptyPostgresSource(t testing.TB) string {
	t.Helper()
	return create(t, func() (string, error) { return "template0", nil })
}

func create(t testing.TB, template func() (string, error)) string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Postgres; not run under -short")
	}
	from, err := template()
	require.NoError(t, err)
	name := "wharf_test_" + uuid.NewString()
	require.NoError(t, admin(func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", pq.QuoteIdentifier(name), pq.QuoteIdentifier(from)))
		return err
	}))
	t.Cleanup(func() {
		require.NoError(t, admin(func(ctx context.Context, c *sql.Conn) error {
			_, err := c.ExecContext(ctx, fmt.Sprintf("DROP DATABASE %s WITH (FORCE)", pq.QuoteIdentifier(name)))
			return err
		}))
	})
	source, err := sourceFor(name)
	require.NoError(t, err)
	return source
}

// postgresTemplate returns the name of a migrated database. All test processes with the same migrations share it, and it
// remains for later runs.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	sum := fnv.New64a()
	if err := db.WriteMigrations(sum, db.Postgres); err != nil {
		return "", err
	}
	name := fmt.Sprintf("wharf_template_%x", sum.Sum64())
	return name, admin(func(ctx context.Context, c *sql.Conn) error {
		// The lock is held until the connection closes: one process builds the template, the others wait.
		if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(7243)"); err != nil {
			return err
		}
		var there bool
		if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
			return err
		}
		return build(ctx, c, name)
	})
})

// build migrates a database under another name and renames it at the end, so that an existing template is always complete.
func build(ctx context.Context, c *sql.Conn, name string) error {
	draft := "wharf_draft_" + uuid.NewString()
	if _, err := c.ExecContext(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(draft)); err != nil {
		return err
	}
	source, err := sourceFor(draft)
	if err != nil {
		return err
	}
	if err := migrated(ctx, source); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", pq.QuoteIdentifier(draft), pq.QuoteIdentifier(name)))
	return err
}

// admin runs fn on one connection to the test bed's Postgres.
func admin(fn func(context.Context, *sql.Conn) error) (err error) {
	source := os.Getenv("WHARF_TEST_POSTGRES")
	if source == "" {
		return errors.New("WHARF_TEST_POSTGRES is not set: run under `make test`, or source the test bed's environment")
	}
	ctx := context.Background()
	pool, err := sql.Open("postgres", source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	c, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return fn(ctx, c)
}

func sourceFor(database string) (string, error) {
	u, err := url.Parse(os.Getenv("WHARF_TEST_POSTGRES"))
	if err != nil {
		return "", errors.New("WHARF_TEST_POSTGRES must be a postgresql:// URL")
	}
	u.Path = "/" + database
	q := u.Query()
	q.Set("TimeZone", "Asia/Kathmandu")
	u.RawQuery = q.Encode()
	return u.String(), nil
}
