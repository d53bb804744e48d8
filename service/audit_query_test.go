package service

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
)

// Several filters select the rows that match all of them, even if a page ends before it is full.
func TestAuditFiltersTogetherFindEveryRow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const rows = 2*auditScan + 500
		rare := func(n int) bool { return n%400 == 7 }
		id := func(n int) string { return fmt.Sprintf("abcd%060x", n%2) }
		require.NoError(t, d.InTx(t.Context(), func(q *sqlc.Queries) error {
			for n := range rows {
				host := "common"
				if rare(n) {
					host = "rare"
				}
				if err := q.BeginAudit(t.Context(), sqlc.BeginAuditParams{
					ID: uuid.Must(uuid.NewV7()), At: db.Time(time.Now()), Username: "vera", Action: "container.stop", Host: host,
					ContainerID: id(n), ContainerName: fmt.Sprint("web", n%2), Outcome: OutcomeOK, Target: fmt.Sprint(n),
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		a := NewAudit(d, AuditOptions{})
		for name, f := range map[string]AuditFilter{
			"user and host":       {User: "vera", Host: "rare"},
			"action and host":     {Action: "container.stop", Host: "rare", Outcome: OutcomeOK},
			"outcome and host":    {Outcome: OutcomeOK, Host: "rare"},
			"name and host":       {Container: "web1", Host: "rare"},
			"start of ids, host":  {Container: "abcd", Host: "rare"},
			"host alone":          {Host: "rare"},
			"start of ids, other": {Container: "abcd", Host: "rare", User: "nobody"},
		} {
			var got []string
			p, pages := Page{Limit: 100}, 0
			for {
				all, next, err := a.List(t.Context(), *admin, f, p)
				require.NoError(t, err)
				for _, e := range all {
					got = append(got, e.Target)
				}
				pages++
				if next == "" {
					break
				}
				require.Less(t, pages, 100, name)
				p.Cursor = next
			}
			var want []string
			for n := rows - 1; n >= 0; n-- {
				if rare(n) && f.User != "nobody" {
					want = append(want, fmt.Sprint(n))
				}
			}
			require.Equal(t, want, got, name)
		}
	})
}
