package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/api/dto"
	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/service/terminal"
)

// TestTerminalsOfAnotherReplica opens a terminal on one replica, and lists and ends it on another.
func TestTerminalsOfAnotherReplica(t *testing.T) {
	t.Parallel()
	e := dockertest.DefaultEngine(t)
	id := e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}})
	source := dbtest.PostgresSource(t)
	on := func(d *db.DB) option {
		return func(o *api.Options) {
			o.Terminals = terminal.New(o.Hosts, o.Sessions, o.Audit, terminal.Options{Shared: d})
		}
	}
	first := dbtest.Open(t, source)
	one := setupOn(t, first, engineHosts([]dockertest.Engine{e}), on(first))
	second := dbtest.Open(t, source)
	two := setupOn(t, second, engineHosts([]dockertest.Engine{e}), on(second), noUsers)
	admin := two.login("gildong", one.password).access
	one.signUp(one.admin, "viewer", "a good password")
	viewer := two.login("viewer", "a good password").access

	s := one.open(t, one.ticket(e.Name, id, one.admin, dto.ExecRequest{Cmd: []string{"/app", "cat"}, TTY: true}))
	all := two.openTerminals(admin)
	require.Len(t, all, 1)
	require.Equal(t, one.openTerminals(one.admin), all, "both list the same")
	require.Equal(t, []string{"/app", "cat"}, all[0].Cmd)
	require.Empty(t, two.openTerminals(viewer), "of others nothing is seen")
	end := func(w *fixture, bearer, id string) int {
		return w.call("DELETE", "/v1/terminals/"+id, bearer, nil).status
	}
	require.Equal(t, http.StatusNotFound, end(two, viewer, all[0].ID))
	require.Equal(t, http.StatusNotFound, end(two, admin, uuid.NewString()))

	began := time.Now()
	require.Equal(t, http.StatusOK, end(two, admin, all[0].ID))
	require.Equal(t, terminal.EndedByHand, s.end().Message)
	t.Logf("ended after %s", time.Since(began))
	require.Eventually(t, func() bool { return len(two.openTerminals(admin)) == 0 }, time.Minute, 5*time.Millisecond)
	require.Equal(t, http.StatusNotFound, end(two, admin, all[0].ID))
	var page dto.AuditPage
	two.call("GET", "/v1/audit?action=terminal.end", admin, nil).data(t, &page)
	require.Len(t, page.Audit, 1)
}
