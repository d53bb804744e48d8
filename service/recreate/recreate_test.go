package recreate

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
	"wharf/dockerx"
	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

// fixture is Recreations over one host.
type fixture struct {
	*Recreations
	store    *db.DB
	host     *dockerx.Host
	recorded atomic.Int32 // actions on containers
}

func setup(t *testing.T, store *db.DB, host dockerx.HostConfig) *fixture {
	t.Helper()
	fleet, err := dockerx.NewFleet([]dockerx.HostConfig{host}, dockerx.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fleet.Close()) })
	f := &fixture{store: store}
	f.Recreations = New(store, fleet, Options{Server: "one", Record: func(uuid.UUID, string) Record { return f.record }, Retry: 10 * time.Millisecond})
	f.host, _ = fleet.Host(host.Name)
	return f
}

func (f *fixture) record(ctx context.Context, c Container, do func(context.Context) error) error {
	f.recorded.Add(1)
	return do(ctx)
}

func (f *fixture) recreate(t *testing.T, id string, o operations.Operation) (operations.Result, error) {
	t.Helper()
	o.Name = "recreate"
	ref, err := containers.ParseRef(id)
	require.NoError(t, err)
	d, err := f.host.Resolve(t.Context(), ref)
	require.NoError(t, err)
	return f.Do(t.Context(), Request{
		Host: f.host, Details: d, Operation: o, Username: "somebody", Record: f.record,
		Allow: func(*dockerx.Successor) error { return nil },
	})
}

// left returns the number of rows in the journal.
func (f *fixture) left(t *testing.T) int {
	t.Helper()
	rows, err := f.store.Queries().RecreationsOf(t.Context(), "one")
	require.NoError(t, err)
	return len(rows)
}

// runToEnd runs the Recreations until the journal is empty.
func (f *fixture) runToEnd(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	require.Eventually(t, func() bool { return f.left(t) == 0 }, time.Minute, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}

func fake(t *testing.T) (*dockertest.Daemon, *fixture) {
	t.Helper()
	d := dockertest.NewDaemon(t)
	return d, setup(t, dbtest.Open(t, dbtest.SQLiteSource(t)), dockerx.HostConfig{Name: "a", Addr: d.Addr()})
}

func TestNewContainerTakesThePlaceOfTheOld(t *testing.T) {
	t.Parallel()
	for state, after := range map[string]string{"running": "running", "exited": "created", "created": "created"} {
		d, f := fake(t)
		old := d.Add(dockertest.Container{Name: "shop", State: state, Labels: map[string]string{"a": "b"}})
		result, err := f.recreate(t, old, operations.Operation{})
		require.NoError(t, err)
		require.Equal(t, after, result.After.Status)
		require.Equal(t, state, result.Before.Status)
		all := d.Containers()
		require.Len(t, all, 1)
		require.Equal(t, result.NewID, all[0].ID)
		require.NotEqual(t, old, all[0].ID)
		require.Equal(t, "shop", all[0].Name)
		require.Equal(t, after, all[0].State)
		require.Zero(t, f.left(t))
		require.Equal(t, int32(1), f.recorded.Load())
	}
}

// changes returns the calls that change something.
func changes(d *dockertest.Daemon) (all []string) {
	for _, r := range d.Requests() {
		if !slices.Contains([]string{"GET", "HEAD"}, r.Method) {
			_, path, _ := strings.Cut(r.Path, "/v1.41/")
			all = append(all, r.Method+" "+path)
		}
	}
	return all
}

// broken selects the calls that fail, of those that change something: count calls, beginning with the n-th.
type broken struct {
	n, count int
	how      dockertest.Break
	seen     int
}

// Whichever call fails, and whether or not it took effect: in the end one container has the name, in the state of the old one,
// and no other is left.
func TestWhateverCallFailsOneContainerIsLeft(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"running", "exited"} {
		d, f := fake(t)
		_, err := f.recreate(t, d.Add(dockertest.Container{Name: "shop", State: state}), operations.Operation{})
		require.NoError(t, err)
		for n := range changes(d) {
			for _, how := range []dockertest.Break{dockertest.Fails, dockertest.FailsLate} {
				for _, count := range []int{1, 2, 3, 1000} {
					failing(t, state, &broken{n: n, count: count, how: how})
				}
			}
		}
	}
}

func failing(t *testing.T, state string, b *broken) {
	t.Helper()
	d, f := fake(t)
	old := d.Add(dockertest.Container{Name: "shop", State: state})
	d.Breaks(func(dockertest.Request) dockertest.Break {
		n := b.seen
		b.seen++
		if n < b.n || n >= b.n+b.count {
			return dockertest.Works
		}
		return b.how
	})
	result, err := f.recreate(t, old, operations.Operation{})
	d.Breaks(nil)
	f.runToEnd(t)
	all := d.Containers()
	require.Len(t, all, 1, "%+v: %v", b, all)
	require.Equal(t, "shop", all[0].Name, "%+v", b)
	if err != nil {
		require.Equal(t, old, all[0].ID, "%+v: %v", b, err)
		require.Equal(t, state, all[0].State, "%+v", b)
		require.Contains(t, err.Error(), "no space left on device")
		return
	}
	require.Equal(t, result.NewID, all[0].ID, "%+v", b)
}

func TestRefusedBeforeAnythingChanges(t *testing.T) {
	t.Parallel()
	d, f := fake(t)
	id := d.Add(dockertest.Container{Name: "shop"})
	for _, c := range []struct {
		o    operations.Operation
		kind apperr.Kind
		says string
	}{
		{operations.Operation{Params: operations.Recreate{Image: "missing:1"}}, apperr.Conflict, "cannot read the image: the host has no image missing:1"},
		{operations.Operation{Wait: "healthy"}, apperr.Invalid, "wait: the new container has no health check"},
		{operations.Operation{Wait: "exited"}, apperr.Invalid, "wait: expected running or healthy"},
		{operations.Operation{Limit: time.Hour}, apperr.Invalid, "limit"},
	} {
		_, err := f.recreate(t, id, c.o)
		require.Equal(t, c.kind, apperr.KindOf(err), "%+v: %v", c.o, err)
		require.ErrorContains(t, err, c.says)
	}
	require.Empty(t, changes(d))
	require.Zero(t, f.left(t))
}

func TestContainerIsRecreatedOnceAtATime(t *testing.T) {
	t.Parallel()
	d, f := fake(t)
	id := d.Add(dockertest.Container{Name: "shop"})
	begun, proceed := make(chan struct{}), make(chan struct{})
	d.Breaks(func(r dockertest.Request) dockertest.Break {
		if strings.HasSuffix(r.Path, "/stop") {
			close(begun)
			<-proceed
		}
		return dockertest.Works
	})
	first := make(chan error, 1)
	go func() {
		_, err := f.recreate(t, id, operations.Operation{})
		first <- err
	}()
	<-begun
	_, err := f.recreate(t, id, operations.Operation{})
	require.Equal(t, apperr.Conflict, apperr.KindOf(err))
	require.ErrorContains(t, err, "is being recreated already")
	close(proceed)
	require.NoError(t, <-first)
	require.Len(t, d.Containers(), 1)
}

// If the engine creates the new container after a call without an answer, that container is removed. The old container can be
// recreated in the meantime.
func TestNewContainerThatAppearsLateIsRemoved(t *testing.T) {
	t.Parallel()
	d, f := fake(t)
	old := d.Add(dockertest.Container{Name: "shop"})
	d.Breaks(func(r dockertest.Request) dockertest.Break {
		if strings.HasSuffix(r.Path, "/create") {
			d.Disconnect()
		}
		return dockertest.Fails
	})
	_, err := f.recreate(t, old, operations.Operation{})
	require.Equal(t, apperr.Unavailable, apperr.KindOf(err), "%v", err)
	d.Breaks(nil)
	rows, err := f.store.Queries().RecreationsOf(t.Context(), "one")
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Contains(t, rows[0].ContainerName, "shop-new-")
	result, err := f.recreate(t, old, operations.Operation{})
	require.NoError(t, err)
	d.Add(dockertest.Container{Name: rows[0].ContainerName, State: "created"})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	require.Eventually(t, func() bool { return f.left(t) == 0 }, time.Minute, 10*time.Millisecond)
	cancel()
	require.NoError(t, <-done)
	require.Len(t, d.Containers(), 1)
	require.Equal(t, result.NewID, d.Containers()[0].ID)
}

// enter writes an unfinished recreation of a server that has ended into the journal. The old container's temporary name is
// "NAME-old".
func (f *fixture) enter(t *testing.T, name, old, step string, s state) {
	t.Helper()
	j := &job{id: uuid.New(), host: f.host, old: old, name: name, began: db.Time(time.Now()), state: s}
	require.NoError(t, f.store.Queries().CreateRecreation(t.Context(), sqlc.CreateRecreationParams{
		ID: j.id, At: j.began, Server: "one", Host: "a", ContainerID: old, ContainerName: name, Step: step, State: j.encoded(),
	}))
}

// A new container that isn't healthy yet blocks neither other interrupted recreations nor the server's shutdown. The next server
// waits for it again.
func TestInterruptedWaitHoldsUpNothing(t *testing.T) {
	t.Parallel()
	d, f := fake(t)
	old := d.Add(dockertest.Container{Name: "shop-old", State: "exited"})
	next := d.Add(dockertest.Container{Name: "shop", State: "running", Health: "starting"})
	f.enter(t, "shop", old, "wait", state{OldName: "shop-old", New: next, Running: true, Wait: "healthy", Limit: 10 * time.Minute})
	db := d.Add(dockertest.Container{Name: "db", State: "running"})
	f.enter(t, "db", db, "hold", state{NewName: "db-new", New: d.Add(dockertest.Container{Name: "db-new", State: "created"}), Running: true})

	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- f.Run(ctx) }()
	require.Eventually(t, func() bool { return f.left(t) == 1 }, time.Minute, 10*time.Millisecond)
	stop()
	select {
	case err := <-stopped:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("the server's stop waits for a container")
	}
	require.Equal(t, 1, f.left(t))
	require.Len(t, d.Containers(), 3)

	d.SetHealth(next, "healthy")
	f.runToEnd(t)
	names := map[string]string{}
	for _, c := range d.Containers() {
		names[c.Name] = c.ID
	}
	require.Equal(t, map[string]string{"shop": next, "db": db}, names)
}

// A server that is stopping doesn't stop a container.
func TestClosingUndoesWhatHasNotStoppedTheOldContainer(t *testing.T) {
	t.Parallel()
	d, f := fake(t)
	id := d.Add(dockertest.Container{Name: "shop"})
	f.Close()
	_, err := f.recreate(t, id, operations.Operation{})
	require.Equal(t, apperr.NotReady, apperr.KindOf(err), "%v", err)
	require.Zero(t, f.left(t))
	require.False(t, slices.ContainsFunc(changes(d), func(c string) bool { return strings.HasSuffix(c, "/stop") }))
}

func TestOwnContainerIsFoundByWhatTheKernelSays(t *testing.T) {
	t.Parallel()
	id := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		mounts, cgroups, hostname string
		own                       bool
	}{
		"nothing":            {},
		"mounted hostname":   {mounts: "801 790 8:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw\n", own: true},
		"the engine's host":  {mounts: "801 790 0:50 / /var/lib/docker/containers/" + id + "/mounts/shm rw - tmpfs shm rw\n"},
		"cgroup":             {cgroups: "4:memory:/docker/" + id + "\n", own: true},
		"made-up hostname":   {hostname: id[:12], own: true},
		"another's hostname": {hostname: "abababababac"},
		"short hostname":     {hostname: "ab"},
	} {
		require.Equal(t, c.own, names(c.mounts, c.cgroups, c.hostname, id), name)
	}
}
