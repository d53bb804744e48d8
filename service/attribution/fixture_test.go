package attribution_test

import (
	"context"
	"database/sql"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/dockerx/events"
	"wharf/service/attribution"
	"wharf/service/eventlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const host = "prod-1"

// fixture is an audit and an event log with a simulated clock: each event, and each start and end of an action, advances it by
// a millisecond, so that nothing depends on how busy the machine is.
type fixture struct {
	t       *testing.T
	db      *db.DB
	to      *attribution.Attributor
	now     time.Time
	id      string            // of the container of play
	actions map[string]string // by audit id: 1, 2, …
	ahead   time.Duration     // of the engine's clock
	late    bool              // play doesn't store events, but appends them to held
	held    []events.Event
}

func newFixture(t *testing.T, d *db.DB) *fixture {
	t.Helper()
	f := &fixture{t: t, db: d, to: attribution.New(d), now: time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC)}
	f.reset()
	return f
}

// reset starts again with another container.
func (f *fixture) reset() {
	f.id, f.actions, f.held = strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", ""), map[string]string{}, nil
}

func (f *fixture) tick() time.Time {
	f.now = f.now.Add(time.Millisecond)
	return f.now
}

// play simulates actions through wharf, each with the engine's events in braces, "stop{ kill die stop }", and events without
// an action. Each event is stored before the next happens, unless f.late.
func (f *fixture) play(text string) {
	f.t.Helper()
	var open []uuid.UUID
	for _, word := range strings.Fields(text) {
		verb, isAction := strings.CutSuffix(word, "{")
		switch {
		case isAction:
			open = append(open, f.begin(f.id, verb))
		case word == "}":
			f.finish(open[len(open)-1], "ok", "")
			open = open[:len(open)-1]
		case f.late:
			f.held = append(f.held, f.event(f.id, word))
		default:
			f.store([]events.Event{f.event(f.id, word)})
		}
	}
	require.Empty(f.t, open)
}

// begin writes the audit row of an action under way.
func (f *fixture) begin(container, operation string) uuid.UUID {
	f.t.Helper()
	row := f.row(container, operation)
	require.NoError(f.t, f.db.Queries().BeginAudit(f.t.Context(), row))
	return row.ID
}

// done writes the audit row of an action that began and ended now.
func (f *fixture) done(q *sqlc.Queries, container, operation string) uuid.UUID {
	f.t.Helper()
	row := f.row(container, operation)
	row.Outcome, row.FinishedAt = "ok", sql.NullTime{Time: row.At, Valid: true}
	require.NoError(f.t, q.BeginAudit(f.t.Context(), row))
	return row.ID
}

func (f *fixture) row(container, operation string) sqlc.BeginAuditParams {
	f.t.Helper()
	id, err := uuid.NewV7()
	require.NoError(f.t, err)
	f.actions[id.String()] = strconv.Itoa(len(f.actions) + 1)
	return sqlc.BeginAuditParams{
		ID: id, At: db.Time(f.tick()), Username: "op", Action: "container." + operation, Host: host, ContainerID: container, Outcome: "pending",
	}
}

func (f *fixture) finish(id uuid.UUID, outcome, detail string) {
	f.t.Helper()
	_, err := f.db.Queries().FinishAudit(f.t.Context(), sqlc.FinishAuditParams{
		ID: id, Outcome: outcome, Detail: detail, FinishedAt: sql.NullTime{Time: db.Time(f.tick()), Valid: true},
	})
	require.NoError(f.t, err)
}

// event returns an event that the engine reports now.
func (f *fixture) event(container, action string) events.Event {
	return events.Event{
		Host: host, Type: "container", Action: action, ActorID: container, ActorName: "web",
		Time: f.tick().Add(f.ahead), ClockSkew: f.ahead, Attrs: map[string]string{"name": "web"},
	}
}

// store attributes and stores a batch of events through an event log.
func (f *fixture) store(batch []events.Event) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.t.Context()))
	log := eventlog.New(f.db, eventlog.Options{Attribute: f.to.Attribute, Patience: time.Hour}) // publishes nothing unsaved
	for _, e := range batch {
		e.Attrs = maps.Clone(e.Attrs)
		log.Publish(e)
	}
	done := make(chan error, 1)
	go func() { done <- log.Run(ctx) }()
	require.Eventually(f.t, func() bool { return log.Pending() == 0 }, time.Minute, time.Millisecond)
	cancel()
	require.NoError(f.t, <-done)
}

// attributed returns the stored events of the container in order, each with the number of its action: "die:1".
func (f *fixture) attributed() string {
	f.t.Helper()
	page, err := eventlog.New(f.db, eventlog.Options{}).Query(f.t.Context(), eventlog.Query{Ascending: true, Filter: eventlog.Filter{Containers: []string{f.id}}})
	require.NoError(f.t, err)
	words := make([]string, len(page.Records))
	for i, r := range page.Records {
		words[i] = r.Action
		if by := r.Attrs[attribution.AttrAudit]; by != "" {
			words[i] += ":" + f.actions[by]
		}
	}
	return strings.Join(words, " ")
}
