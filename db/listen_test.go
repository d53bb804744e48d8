package db_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
)

// Notifications arrive at the commit and not before. After an interruption, Connected is called.
func TestListenHearsCommitsAndComesBack(t *testing.T) {
	t.Parallel()
	source := dbtest.PostgresSource(t)
	d := dbtest.Open(t, source)
	ctx, cancel := context.WithCancel(t.Context())
	heard, connected, ended := make(chan string, 10), make(chan struct{}, 10), make(chan error, 1)
	go func() {
		ended <- d.Listen(ctx, db.Listener{
			Notified:  func(channel, payload string) { heard <- channel + " " + payload },
			Connected: func() { connected <- struct{}{} },
		})
	}()
	await := func(c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(time.Minute):
			require.Fail(t, "not connected")
		}
	}
	notify := func(payload string, err error) {
		t.Helper()
		require.ErrorIs(t, d.InTx(ctx, func(q *sqlc.Queries) error {
			require.NoError(t, d.Notify(ctx, q, db.ChannelEvents, payload))
			return err
		}), err)
	}
	await(connected)
	require.True(t, d.Listening())
	notify("rolled back", context.Canceled)
	notify("first", nil)
	require.Equal(t, db.ChannelEvents+" first", <-heard)

	dbtest.Exec(t, source, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	await(connected)
	notify("second", nil)
	require.Equal(t, db.ChannelEvents+" second", <-heard)
	cancel()
	require.NoError(t, <-ended)
	require.False(t, d.Listening())
}
