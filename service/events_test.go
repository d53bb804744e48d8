package service

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx/events"
	"wharf/service/eventlog"
)

// startEvents runs a log until the test ends.
func startEvents(t *testing.T, d *db.DB) *eventlog.Log {
	t.Helper()
	l := eventlog.New(d, eventlog.Options{Patience: time.Hour})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return l
}

func containerEvent(n int, action string, attrs, labels map[string]string) events.Event {
	return events.Event{
		Host: "h", Type: "container", Action: action, ActorID: "c", ActorName: attrs["name"],
		Time: time.Unix(1_800_000_000, int64(n)).UTC(), Attrs: attrs, Labels: labels,
	}
}

// actions returns the actions in the history that the actor may see, oldest first.
func actions(t *testing.T, e *Events, actor Actor, f eventlog.Filter) []string {
	t.Helper()
	page, err := e.Query(t.Context(), actor, eventlog.Query{Filter: f, Ascending: true})
	require.NoError(t, err)
	out := []string{}
	for _, r := range page.Records {
		out = append(out, r.Action)
	}
	return out
}

// published waits until the log has stored n events.
func published(t *testing.T, e *Events, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		return len(actions(t, e, Actor{Role: RoleAdmin}, eventlog.Filter{})) == n
	}, time.Minute, time.Millisecond)
}

// deliveries waits for n deliveries, and returns them.
func deliveries(t *testing.T, sub *eventlog.Subscription, n int) (all []eventlog.Delivery) {
	t.Helper()
	require.Eventually(t, func() bool {
		got, _, err := sub.Next(t.Context(), make([]eventlog.Delivery, 0, 8))
		all = append(all, got...)
		return err == nil && len(all) >= n
	}, time.Minute, time.Millisecond)
	require.Len(t, all, n)
	return all
}

func byLabel(selector string) Actor {
	return Actor{Role: RoleNone, Grants: []Grant{{Hosts: "*", Labels: selector, Role: RoleViewer}}}
}

func TestGrantsGoByLabelsNotByAttributes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := startEvents(t, d)
		e := NewEvents(l)
		web := Actor{Role: RoleNone, Grants: []Grant{{Hosts: "*", Labels: "name=web", Role: RoleAdmin}}}
		sub := e.Subscribe(web, eventlog.Subscribe{})
		defer sub.Close()
		l.Publish(containerEvent(1, "start", map[string]string{"name": "web"}, map[string]string{"team": "money"}))
		l.Publish(containerEvent(2, "die", map[string]string{"name": "other"}, map[string]string{"name": "web"}))
		published(t, e, 2)
		require.Equal(t, []string{"die"}, actions(t, e, web, eventlog.Filter{}), "the label, not the name")
		require.Equal(t, []string{"start"}, actions(t, e, byLabel("team=money"), eventlog.Filter{}))
		require.Empty(t, actions(t, e, byLabel("exitCode"), eventlog.Filter{}))
		got := deliveries(t, sub, 1)
		require.Equal(t, "die", got[0].Action)
		require.False(t, web.MasksRecord(got[0].Record))
		require.True(t, web.MasksRecord(&eventlog.Record{Event: containerEvent(1, "start", map[string]string{"name": "web"}, nil)}),
			"a name makes nobody an admin of a container's event")
	})
}

// Rows from before labels were stored separately have them among the attributes.
func TestOldRowsShowThoseWhoseLabelsAreAmongTheAttributes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := startEvents(t, d)
		e := NewEvents(l)
		l.Publish(containerEvent(1, "die", map[string]string{"name": "web", "exitCode": "0", "team": "web"}, nil))
		published(t, e, 1)
		require.Equal(t, []string{"die"}, actions(t, e, byLabel("team=web"), eventlog.Filter{}))
		require.Empty(t, actions(t, e, byLabel("name=web"), eventlog.Filter{}))
		require.Empty(t, actions(t, e, byLabel("exitCode=0"), eventlog.Filter{}))
	})
}

func TestActionFiltersTellNothingThatIsMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := startEvents(t, d)
		e := NewEvents(l)
		f := eventlog.Filter{Actions: []string{"exec_start: mysql -phunter2"}}
		viewer, admin := Actor{Role: RoleViewer}, Actor{Role: RoleAdmin}
		blind, seeing := e.Subscribe(viewer, eventlog.Subscribe{Filter: f}), e.Subscribe(admin, eventlog.Subscribe{Filter: f})
		defer blind.Close()
		defer seeing.Close()
		l.Publish(containerEvent(1, "exec_start: mysql -phunter2", map[string]string{"name": "db"}, nil))
		published(t, e, 1)
		require.Empty(t, actions(t, e, viewer, f), "a right guess must look like a wrong one")
		require.Len(t, actions(t, e, admin, f), 1)
		require.Len(t, actions(t, e, viewer, eventlog.Filter{Actions: []string{"exec_start"}}), 1)
		deliveries(t, seeing, 1)
		deliveries(t, blind, 0) // the same record isn't delivered here
	})
}

// The ids in a stream must not reveal how many records its client may not see.
func TestIDsOfLimitedStreamsMoveWithDeliveriesOrInSteps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := startEvents(t, d)
		e := NewEvents(l)
		buf := make([]eventlog.Delivery, 0, 4096)
		limited, full := e.Subscribe(byLabel("team=web"), eventlog.Subscribe{}), e.Subscribe(Actor{Role: RoleViewer}, eventlog.Subscribe{})
		defer limited.Close()
		defer full.Close()
		publish := func(from, to int, labels map[string]string) {
			for n := from; n < to; n++ {
				l.Publish(containerEvent(n, "start", map[string]string{"name": "c"}, labels))
			}
			require.Eventually(t, func() bool {
				_, _, err := full.Next(t.Context(), buf[:0])
				return err == nil && full.LastID() == int64(to-1)
			}, time.Minute, time.Millisecond)
		}
		see := func() (ids []int64) {
			got, _, err := limited.Next(t.Context(), buf[:0])
			require.NoError(t, err)
			for _, g := range got {
				ids = append(ids, g.ID)
			}
			return ids
		}
		require.Zero(t, limited.LastID())
		publish(1, 40, map[string]string{"team": "money"})
		require.Empty(t, see())
		require.EqualValues(t, 1, limited.LastID())
		publish(40, 41, map[string]string{"team": "web"})
		publish(41, 90, map[string]string{"team": "money"})
		require.Equal(t, []int64{40}, see())
		require.EqualValues(t, 40, limited.LastID())
		publish(90, 1030, map[string]string{"team": "money"})
		require.Empty(t, see())
		require.EqualValues(t, 1024, limited.LastID())

		resumed := e.Subscribe(byLabel("team=web"), eventlog.Subscribe{Resume: true, After: 1})
		defer resumed.Close()
		require.Eventually(t, func() bool {
			got, _, err := resumed.Next(t.Context(), buf[:0])
			return err == nil && len(got) > 0 && got[0].ID == 40
		}, time.Minute, time.Millisecond, "nothing is lost by a coarse id")

		asking := e.Subscribe(byLabel("team=web"), eventlog.Subscribe{Resume: true, After: 1 << 40})
		defer asking.Close()
		got, _, err := asking.Next(t.Context(), buf[:0])
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.EqualValues(t, 1024, got[0].ID, "nor does the gap after an id of no record tell the number")
	})
}

func TestEverywhereIsEveryHostAndContainer(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][]Actor{
		true:  {{Role: RoleViewer}, {Grants: []Grant{{Hosts: "*", Role: RoleViewer}}}},
		false: {{}, byLabel("team=web"), {Grants: []Grant{{Hosts: "h*", Role: RoleAdmin}}}, {Role: RoleAdmin, Limit: RoleNone}},
	} {
		for _, a := range all {
			require.Equal(t, want, a.SeesAll(), "%+v", a)
		}
	}
}
