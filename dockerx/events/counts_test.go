package events

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestCountsFollowTheModel checks that after random events and lists the counts agree with the model's containers.
func TestCountsFollowTheModel(t *testing.T) {
	t.Parallel()
	ids := rapid.SampledFrom([]string{"a", "b", "c", "d"})
	actions := rapid.SampledFrom([]string{"create", "start", "die", "pause", "unpause", "destroy", "rename", "exec_start"})
	states := rapid.SampledFrom([]string{StateCreated, StateRunning, StatePaused, StateExited, "restarting"})
	rapid.Check(t, func(t *rapid.T) {
		r := New(Options{})
		require.Nil(t, r.Containers(), "nothing is known yet")
		r.model.restore(map[string]ContainerState{"a": {State: StateRunning}})
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "list") {
				list := []Container{{ID: ids.Draw(t, "id"), Name: "x", State: states.Draw(t, "state")}}
				r.model.adopt(list, nil)
			} else {
				r.model.apply(&Event{Type: "container", ActorID: ids.Draw(t, "id"), Action: actions.Draw(t, "action"), Attrs: map[string]string{"name": "x"}})
			}
			want := map[string]int64{}
			for _, s := range r.model.states {
				want[s.State]++
			}
			for _, c := range r.Containers() {
				require.Equal(t, want[c.State], c.Count, c.State)
			}
		}
	})
}
