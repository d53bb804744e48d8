package service

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
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

func containerEvent(n int, action string, attrs, labels map[string]string) dockerx.Event {
	return dockerx.Event{
		Host: "h", Type: "container", Action: action, ActorID: "c", ActorName: attrs["name"],
		Time: time.Unix(1_800_000_000, int64(n)).UTC(), Attrs: attrs, Labels: labels,
	}
}

// actions are those of the whole history that the actor may see, oldest first.
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
	}, 20*time.Second, time.Millisecond)
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
		got, _, err := sub.Next(t.Context(), make([]eventlog.Delivery, 0, 8))
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, "die", got[0].Action)
		require.False(t, web.MasksRecord(got[0].Record))
		require.True(t, web.MasksRecord(&eventlog.Record{Event: containerEvent(1, "start", map[string]string{"name": "web"}, nil)}),
			"a name makes nobody an admin of a container's event")
	})
}

// Rows from before labels were stored apart have them among the attributes.
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
