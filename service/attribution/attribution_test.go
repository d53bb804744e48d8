package attribution_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/dockerx/operations"
	"wharf/service/attribution"
)

// An event that is missing in the table of operations would never be attributed.
func TestEveryEventOfAnOperationIsListed(t *testing.T) {
	t.Parallel()
	want := []string{"start", "stop", "restart", "kill", "die", "died", "pause", "unpause"}
	require.Subset(t, slices.Collect(maps.Keys(operations.ByEvent())), want)
}

func TestEventIsAttributedToTheActionThatItCameDuring(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		attrs := func(e events.Event) map[string]string {
			given := e.Attrs
			require.NoError(t, f.to.Attribute(t.Context(), []*events.Event{&e}))
			require.Equal(t, map[string]string{"name": "web"}, given, "the given map is not changed")
			return e.Attrs
		}
		f.finish(f.begin(f.id, "stop"), "refused", "not allowed")
		f.finish(f.begin(f.id, "stop"), "ok", "nothing to do")
		require.NotContains(t, attrs(f.event(f.id, "die")), attribution.AttrAudit, "these caused nothing")
		f.now = f.now.Add(time.Minute)

		id := f.begin(f.id, "stop")
		for _, action := range []string{"kill", "die", "stop"} {
			want := map[string]string{"name": "web", attribution.AttrActor: "op", attribution.AttrAudit: id.String()}
			require.Equal(t, want, attrs(f.event(f.id, action)), action)
		}
		elsewhere := f.event(f.id, "die")
		elsewhere.Host = "lab"
		network := f.event(f.id, "die")
		network.Type = "network"
		for _, e := range []events.Event{
			f.event(f.id, "start"), f.event(f.id, "oom"), f.event(f.id, "exec_die"),
			f.event(strings.Repeat("0", 64), "die"), elsewhere, network,
		} {
			require.NotContains(t, attrs(e), attribution.AttrAudit, "%s %s", e.Host, e.Action)
		}
		f.finish(id, "ok", "")
		late, before := f.event(f.id, "stop"), f.event(f.id, "die")
		require.Contains(t, attrs(late), attribution.AttrAudit, "an event may come a little late")
		before.Time = before.Time.Add(-time.Minute)
		require.NotContains(t, attrs(before), attribution.AttrAudit)
		f.now = f.now.Add(time.Minute)
		require.NotContains(t, attrs(f.event(f.id, "die")), attribution.AttrAudit, "it died by itself")
	})
}

// No action is overlooked among 20,000 in an hour, whether the others are on the same container or on another.
func TestNoActionOfABusyHourIsOverlooked(t *testing.T) {
	t.Parallel()
	const actions, rounds = 20_000, 200 // so that each round is within a transaction's timeout even on a busy machine
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d)
		hung := f.begin("hung", "stop")
		var batch []*events.Event
		var ids []uuid.UUID
		for range rounds {
			require.NoError(t, d.InTx(t.Context(), func(q *sqlc.Queries) error {
				for n := range actions / rounds {
					operation, container := []string{"pause", "unpause"}[n%2], "busy"
					if n%4 >= 2 {
						container = fmt.Sprint(n % 400)
					}
					e := f.event(container, operation)
					id := f.done(q, container, operation)
					if n%100 < 4 {
						batch, ids = append(batch, &e), append(ids, id)
					}
					f.now = f.now.Add(150 * time.Millisecond)
				}
				return nil
			}))
		}
		end := f.event("hung", "die")
		batch, ids = append(batch, &end), append(ids, hung)
		require.Greater(t, end.Time.Sub(batch[0].Time), 50*time.Minute)
		for i := 0; i < len(batch); i += 40 { // one by one
			alone := *batch[i]
			require.NoError(t, f.to.Attribute(t.Context(), []*events.Event{&alone}))
			require.Contains(t, alone.Attrs, attribution.AttrAudit)
		}
		require.NoError(t, f.to.Attribute(t.Context(), batch))
		for i, e := range batch {
			require.Equal(t, ids[i].String(), e.Attrs[attribution.AttrAudit], "event %d", i)
		}
	})
}
