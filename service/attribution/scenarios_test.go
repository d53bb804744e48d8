package attribution_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
)

// scenarios have texts for fixture.play, and the results of fixture.attributed after it.
var scenarios = map[string]struct{ play, want string }{
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
}

// The events of a manual action right after one through wharf aren't attributed to the latter.
func TestActionIsAttributedOneEnd(t *testing.T) {
	t.Parallel()
	for name, c := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				f := newFixture(t, d)
				f.play(c.play)
				require.Equal(t, c.want, f.attributed())
			})
		})
	}
}

// The attribution doesn't depend on how the events are divided into batches, or on the engine's clock.
func TestAttributionIsTheSameInAnyBatches(t *testing.T) {
	t.Parallel()
	for name, c := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t, dbtest.Open(t, dbtest.SQLiteSource(t)))
			for _, f.ahead = range []time.Duration{time.Hour, -time.Hour} {
				f.reset()
				f.play(c.play)
				require.Equal(t, c.want, f.attributed(), "as they come, clock %v ahead", f.ahead)
			}
			f.ahead, f.late = time.Hour, true
			for first := range eventsOf(c.play) {
				f.reset()
				f.play(c.play)
				f.store(f.held[:first])
				f.store(f.held[first:])
				require.Equal(t, c.want, f.attributed(), "late, the first %d apart", first)
			}
		})
	}
}

// eventsOf counts the events of a scenario.
func eventsOf(play string) (events int) {
	for _, word := range strings.Fields(play) {
		if !strings.HasSuffix(word, "{") && word != "}" {
			events++
		}
	}
	return events
}
