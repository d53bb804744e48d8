package service

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/service/eventlog"
)

func TestEventIsLaidToTheDeedDuringWhichItCame(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := NewAudit(d, AuditOptions{})
		actor := Actor{UserID: uuid.New(), Username: "op"}
		cause := func(host, id, event string, at time.Time) (map[string]string, bool) {
			given := map[string]string{"name": "web"}
			e := dockerx.Event{Host: host, Type: "container", Action: event, ActorID: id, Time: at, Attrs: given}
			require.NoError(t, a.Annotate(t.Context(), []*dockerx.Event{&e}))
			require.Equal(t, map[string]string{"name": "web"}, given, "the map given is not changed")
			_, ok := e.Attrs[AttrAudit]
			return e.Attrs, ok
		}
		require.NoError(t, a.Note(t.Context(), actor, stopIntent(), errForbidden))
		_, ok := cause("prod-1", containerID, "die", time.Now())
		require.False(t, ok, "what was refused did nothing")
		require.NoError(t, a.Do(t.Context(), actor, stopIntent(), func(_ context.Context, id uuid.UUID) error {
			for _, event := range []string{"kill", "die", "stop"} {
				c, ok := cause("prod-1", containerID, event, time.Now())
				require.True(t, ok, event)
				require.Equal(t, map[string]string{"name": "web", AttrActor: "op", AttrAudit: id.String()}, c)
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

// story is told by deeds through wharf, with the daemon's events during each, "stop{ kill die stop }",
// and by events beside them.
type story struct {
	t     *testing.T
	audit *Audit
	log   *eventlog.Log
	deeds map[string]string // by audit id: 1, 2, …
	ahead time.Duration     // of the daemon's clock
	late  bool              // events are held back until the end
	held  []dockerx.Event
}

func newStory(t *testing.T, d *db.DB) *story {
	t.Helper()
	a := NewAudit(d, AuditOptions{})
	s := &story{t: t, audit: a, log: eventlog.New(d, eventlog.Options{Annotate: a.Annotate}), deeds: map[string]string{}}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.log.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return s
}

// tell does the deeds and emits the events, each when the one before is stored, or late.
func (s *story) tell(text string) {
	s.t.Helper()
	s.words(strings.Fields(text))
	for _, e := range s.held {
		s.log.Publish(e)
	}
	s.stored()
}

// words tells a story up to the end of the deed that it is in, and returns what is left.
func (s *story) words(words []string) []string {
	s.t.Helper()
	for len(words) > 0 && words[0] != "}" {
		word := words[0]
		words = words[1:]
		verb, isDeed := strings.CutSuffix(word, "{")
		if !isDeed {
			s.happen(word)
			continue
		}
		in := stopIntent()
		in.Action = actionPrefix + verb
		require.NoError(s.t, s.audit.Do(s.t.Context(), *admin, in, func(_ context.Context, id uuid.UUID) error {
			s.deeds[id.String()] = strconv.Itoa(len(s.deeds) + 1)
			words = s.words(words)[1:]
			return nil
		}))
	}
	return words
}

// happen has an event come from the daemon.
func (s *story) happen(action string) {
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

func (s *story) stored() {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.log.Pending() == 0 }, time.Minute, time.Millisecond)
}

// causes lists the events in order, each with its deed: "die:1".
func (s *story) causes() string {
	s.t.Helper()
	page, err := s.log.Query(s.t.Context(), eventlog.Query{Ascending: true})
	require.NoError(s.t, err)
	words := make([]string, len(page.Records))
	for i, r := range page.Records {
		words[i] = r.Action
		if by := r.Attrs[AttrAudit]; by != "" {
			words[i] += ":" + s.deeds[by]
		}
	}
	return strings.Join(words, " ")
}

// What somebody does by hand right after a deed through wharf isn't laid to it.
func TestDeedExplainsOneEndAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ story, want string }{
		"a stop by hand after one through wharf": {
			"stop{ kill die stop } start kill die stop", "kill:1 die:1 stop:1 start kill die stop",
		},
		"an end that is told after its stop": {
			"stop{ kill stop } die start kill stop die", "kill:1 stop:1 die:1 start kill stop die",
		},
		"a second signal for who doesn't heed the first": {
			"stop{ kill kill die stop }", "kill:1 kill:1 die:1 stop:1",
		},
		"two deeds": {
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
				s := newStory(t, d)
				s.tell(c.story)
				require.Equal(t, c.want, s.causes())
			})
			// In one batch, from a daemon whose clock is wrong.
			s := newStory(t, dbtest.Open(t, dbtest.SQLiteSource(t)))
			s.late, s.ahead = true, time.Hour
			s.tell(c.story)
			require.Equal(t, c.want, s.causes())
		})
	}
}
