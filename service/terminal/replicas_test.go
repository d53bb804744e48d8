package terminal

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/service"
	"wharf/util/apperr"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

func openTerminal() *Terminal {
	t := &Terminal{
		Info: Info{
			ID: uuid.New(), User: "vera", user: uuid.New(), Address: "192.0.2.1", Since: time.Now().UTC().Truncate(time.Microsecond),
			Request: service.TerminalRequest{
				Host: "web-1", ContainerID: "c", ContainerName: "shop", Command: dockerx.Command{Args: []string{"sh", "-c", "a b"}, TTY: true},
			},
		},
		process: &dockerx.Terminal{TTY: true},
	}
	t.in.Store(3)
	t.out.Store(1 << 40)
	return t
}

func TestReplicasKnowEachOthersTerminals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := newReplicas(d), newReplicas(d)
		term := openTerminal()
		open := func() []*Terminal { return []*Terminal{term} }
		require.NoError(t, one.write(t.Context(), open))
		own, err := one.others(t.Context())
		require.NoError(t, err)
		require.Empty(t, own)

		term.in.Add(1)
		require.NoError(t, one.write(t.Context(), open))
		all, err := two.others(t.Context())
		require.NoError(t, err)
		want := term.listed()
		want.Request.Command.TTY = false // rows have Listed.TTY instead
		require.Equal(t, []Listed{want}, all)

		ids, err := one.ending(t.Context())
		require.NoError(t, err)
		require.Empty(t, ids)
		require.NoError(t, two.requestEnd(t.Context(), term.ID))
		require.NoError(t, one.write(t.Context(), open), "a beat doesn't take it back")
		ids, err = one.ending(t.Context())
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{term.ID}, ids)
		ids, err = two.ending(t.Context())
		require.NoError(t, err)
		require.Empty(t, ids, "each looks for its own")

		require.NoError(t, one.delete(t.Context(), term.ID))
		all, err = two.others(t.Context())
		require.NoError(t, err)
		require.Empty(t, all)
		require.Equal(t, apperr.NotFound, apperr.KindOf(two.requestEnd(t.Context(), term.ID)))
	})
}

// A dead replica's rows are deleted. A living replica whose rows were deleted by mistake writes them again.
func TestTerminalsOfADeadReplicaAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := newReplicas(d), newReplicas(d)
		term := openTerminal()
		open := func() []*Terminal { return []*Terminal{term} }
		listed := func() int {
			all, err := two.others(t.Context())
			require.NoError(t, err)
			return len(all)
		}
		age := func() { // as if two had seen the same beat of one for longer than beatPatience
			s := two.seen[one.self]
			two.seen[one.self] = sighting{s.beat, s.at.Add(-beatPatience - time.Second)}
		}
		require.NoError(t, one.write(t.Context(), open))
		require.Equal(t, 1, listed())
		require.Equal(t, 1, listed(), "a beat that stands still for a moment")
		age()
		require.NoError(t, one.write(t.Context(), open))
		require.Equal(t, 1, listed(), "it lives")
		age()
		require.Equal(t, 0, listed())
		rows, err := d.Queries().OpenTerminalsOfOthers(t.Context(), two.self)
		require.NoError(t, err)
		require.Empty(t, rows, "deleted")
		require.NoError(t, one.write(t.Context(), open))
		require.Equal(t, 1, listed())
	})
}
