package main_test

import (
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
)

func TestTenProcessesStartAtOnceOnOneEmptyPostgres(t *testing.T) {
	t.Parallel()
	source := dbtest.EmptyPostgresSource(t)
	var starting sync.WaitGroup
	for range 10 {
		p := serve(t, t.TempDir(), "DB_SOURCE="+source)
		starting.Go(p.awaitReady)
	}
	starting.Wait()
}

// Postgres is unreachable at the start, then reachable, then unreachable, then reachable again.
func TestPostgresThatComesAndGoes(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(dbtest.EmptyPostgresSource(t))
	require.NoError(t, err)
	proxy := dockertest.NewProxy(t, "tcp", u.Host)
	u.Host = proxy.Addr()
	proxy.Refuse(true)

	p := serve(t, t.TempDir(), "DB_SOURCE="+u.String())
	require.Equal(t, http.StatusOK, p.healthz())
	require.Equal(t, http.StatusServiceUnavailable, p.readyz())
	proxy.Refuse(false)
	p.awaitReady()
	token := p.login()
	require.Equal(t, http.StatusOK, p.listHosts(token))

	proxy.Refuse(true)
	proxy.Cut()
	start := time.Now()
	_, err = p.logIn("gildong", "123123")
	require.Equal(t, http.StatusInternalServerError, status(err))
	require.ErrorContains(t, err, "internal server error")
	require.Less(t, time.Since(start), 15*time.Second, "not TCP's minutes")
	require.Eventually(t, func() bool { return p.readyz() == http.StatusServiceUnavailable }, time.Minute, 10*time.Millisecond,
		"an outcome counts for a second")

	proxy.Refuse(false)
	require.Eventually(t, func() bool { return p.listHosts(token) == http.StatusOK }, time.Minute, 10*time.Millisecond)
	require.NotContains(t, p.logs.String(), u.User.String())
}
