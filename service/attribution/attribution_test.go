package attribution_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/service"
	"wharf/service/attribution"
	"wharf/service/eventlog"
	"wharf/util/apperr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const containerID = "b76ffe5bffb1c7d0a3f1e2d4c5b6a798b76ffe5bffb1c7d0a3f1e2d4c5b6a798"

var admin = service.Actor{Username: "boss", Role: service.RoleAdmin}

func stopIntent() service.Intent {
	return service.Intent{Action: "container.stop", Host: "prod-1", ContainerID: containerID, ContainerName: "web"}
}

// TestEveryEventOfAnOperationIsKnown lists what the engines report of operations: an event that is missing in the table of
// operations is attributed to none.
func TestEveryEventOfAnOperationIsKnown(t *testing.T) {
	t.Parallel()
	want := []string{"start", "stop", "restart", "kill", "die", "died", "pause", "unpause"}
	require.Subset(t, slices.Collect(maps.Keys(dockerx.OperationsByEvent())), want)
}

func TestEventIsAttributedToTheActionThatItCameDuring(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := service.NewAudit(d, service.AuditOptions{})
		actor := service.Actor{UserID: uuid.New(), Username: "op"}
		cause := func(host, id, event string, at time.Time) (map[string]string, bool) {
			given := map[string]string{"name": "web"}
			e := dockerx.Event{Host: host, Type: "container", Action: event, ActorID: id, Time: at, Attrs: given}
			require.NoError(t, a.Attribute(t.Context(), []*dockerx.Event{&e}))
			require.Equal(t, map[string]string{"name": "web"}, given, "the map given is not changed")
			_, ok := e.Attrs[attribution.AttrAudit]
			return e.Attrs, ok
		}
		require.NoError(t, a.RecordDone(t.Context(), actor, stopIntent(), apperr.New(apperr.Forbidden, "not allowed")))
		_, ok := cause("prod-1", containerID, "die", time.Now())
		require.False(t, ok, "what was refused did nothing")
		require.NoError(t, a.Record(t.Context(), actor, stopIntent(), func(_ context.Context, id uuid.UUID) error {
			for _, event := range []string{"kill", "die", "stop"} {
				c, ok := cause("prod-1", containerID, event, time.Now())
				require.True(t, ok, event)
				require.Equal(t, map[string]string{"name": "web", attribution.AttrActor: "op", attribution.AttrAudit: id.String()}, c)
			}
			for _, event := range []string{"start", "oom", "exec_die"} {
				_, ok := cause("prod-1", containerID, event, time.Now())
				require.False(t, ok, event)
			}
			_, ok := cause("lab", containerID, "die", time.Now())
			require.False(t, ok)
			_, ok = cause("prod-1", "c"+containerID[1:], "die", time.Now())
			require.False(t, ok)
			return nil
		}))
		_, ok = cause("prod-1", containerID, "stop", time.Now())
		require.True(t, ok, "events may come a little late")
		_, ok = cause("prod-1", containerID, "die", time.Now().Add(time.Minute))
		require.False(t, ok, "it died by itself")
		_, ok = cause("prod-1", containerID, "die", time.Now().Add(-time.Minute))
		require.False(t, ok)
	})
}

// scenario is a sequence of actions through wharf, each with the engine's events during it, "stop{ kill die stop }", and of
// events outside them.
type scenario struct {
	t       *testing.T
	audit   *service.Audit
	log     *eventlog.Log
	actions map[string]string // by audit id: 1, 2, …
	ahead   time.Duration     // of the engine's clock
	late    bool              // events are held back until the end
	held    []dockerx.Event
}

func newScenario(t *testing.T, d *db.DB) *scenario {
	t.Helper()
	a := service.NewAudit(d, service.AuditOptions{})
	s := &scenario{t: t, audit: a, log: eventlog.New(d, eventlog.Options{Attribute: a.Attribute}), actions: map[string]string{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.log.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return s
}

// play runs the actions and publishes the events, each when the one before is stored, or all at the end.
func (s *scenario) play(text string) {
	s.t.Helper()
	s.words(strings.Fields(text))
	for _, e := range s.held {
		s.log.Publish(e)
	}
	s.stored()
}

// words plays words up to the end of the action that they are in, and returns the rest.
func (s *scenario) words(words []string) []string {
	s.t.Helper()
	for len(words) > 0 && words[0] != "}" {
		word := words[0]
		words = words[1:]
		verb, isAction := strings.CutSuffix(word, "{")
		if !isAction {
			s.happen(word)
			continue
		}
		in := stopIntent()
		in.Action = "container." + verb
		require.NoError(s.t, s.audit.Record(s.t.Context(), admin, in, func(_ context.Context, id uuid.UUID) error {
			s.actions[id.String()] = strconv.Itoa(len(s.actions) + 1)
			words = s.words(words)[1:]
			return nil
		}))
	}
	return words
}

// happen publishes an event as the engine reports it.
func (s *scenario) happen(action string) {
	s.t.Helper()
	e := dockerx.Event{
		Host: "prod-1", Type: "container", Action: action, ActorID: containerID, ActorName: "web",
		Time: time.Now().Add(s.ahead).UTC(), ClockSkew: s.ahead, Attrs: map[string]string{"name": "web"},
	}
	if s.late {
		s.held = append(s.held, e)
		return
	}
	s.log.Publish(e)
	s.stored()
}

func (s *scenario) stored() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.log.Pending() == 0 }, time.Minute, time.Millisecond)
}

// attributed lists the events in order, each with the number of its action: "die:1".
func (s *scenario) attributed() string {
	s.t.Helper()
	page, err := s.log.Query(s.t.Context(), eventlog.Query{Ascending: true})
	require.NoError(s.t, err)
	words := make([]string, len(page.Records))
	for i, r := range page.Records {
		words[i] = r.Action
		if by := r.Attrs[attribution.AttrAudit]; by != "" {
			words[i] += ":" + s.actions[by]
		}
	}
	return strings.Join(words, " ")
}

// An action by hand right after one through wharf is not attributed to the latter.
func TestActionIsAttributedOneEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ scenario, want string }{
		"a stop by hand after one through wharf": {
			"stop{ kill die stop } start kill die stop", "kill:1 die:1 stop:1 start kill die stop",
		},
		"an end that is reported after its stop": {
			"stop{ kill stop } die start kill stop die", "kill:1 stop:1 die:1 start kill stop die",
		},
		"a second signal because the first had no effect": {
			"stop{ kill kill die stop }", "kill:1 kill:1 die:1 stop:1",
		},
		"two actions": {
			"stop{ kill die stop } start stop{ kill die stop }", "kill:1 die:1 stop:1 start kill:2 die:2 stop:2",
		},
		"a stop that waits for a restart": {
			"restart{ stop{ kill die stop start restart kill die stop } }",
			"kill:2 die:2 stop:2 start:1 restart:1 kill die:2 stop:2",
		},
		"the same, then a stop by hand": {
			"restart{ stop{ kill die stop start restart kill die stop } } start kill die stop",
			"kill:2 die:2 stop:2 start:1 restart:1 kill die:2 stop:2 start kill die stop",
		},
		"restart, then a stop by hand": {
			"restart{ kill die stop start restart } kill die stop", "kill:1 die:1 stop:1 start:1 restart:1 kill die stop",
		},
		"restart of one that didn't run, then its own end": {
			"restart{ start restart } die", "start:1 restart:1 die",
		},
		"kill of one that starts again by itself, and dies": {
			"kill{ kill } die start die", "kill:1 die:1 start die",
		},
		"a signal that ends nothing, then a stop by hand": {
			"kill{ kill } kill die stop", "kill:1 kill die stop",
		},
		"a signal that ends nothing, then a stop through wharf": {
			"kill{ kill } stop{ kill die stop }", "kill:1 kill:2 die:2 stop:2",
		},
		"pause by hand after one through wharf": {
			"pause{ pause } unpause pause", "pause:1 unpause pause",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				s := newScenario(t, d)
				s.play(c.scenario)
				require.Equal(t, c.want, s.attributed())
			})
			// In one batch, from a daemon whose clock is wrong.
			s := newScenario(t, dbtest.Open(t, dbtest.SQLiteSource(t)))
			s.late, s.ahead = true, time.Hour
			s.play(c.scenario)
			require.Equal(t, c.want, s.attributed())
		})
	}
}
