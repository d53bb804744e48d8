package dockerx

import (
	"context"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/operations"
	"wharf/util/apperr"
)

func operate(t *testing.T, h *Host, id string, o operations.Operation) (operations.Result, error) {
	t.Helper()
	d, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	result, err := h.Operate(context.Background(), d, o)
	if err != nil && dockertest.GaveUpFreezing(err.Error()) {
		return operate(t, h, id, o)
	}
	return result, err
}

func TestOperationsSayWhetherTheyChangedAnything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb, from, to string
		changed        bool
		kind           apperr.Kind // of the expected error; 0: none
	}{
		{"start", "exited", "running", true, 0},
		{"start", "running", "running", false, 0},
		{"start", "paused", "", false, apperr.Conflict},
		{"stop", "running", "exited", true, 0},
		{"stop", "paused", "exited", true, 0},
		{"stop", "exited", "exited", false, 0},
		{"stop", "created", "created", false, 0},
		{"restart", "running", "running", true, 0},
		{"restart", "exited", "running", true, 0},
		{"pause", "running", "paused", true, 0},
		{"pause", "paused", "paused", false, 0},
		{"pause", "exited", "", false, apperr.Conflict},
		{"unpause", "paused", "running", true, 0},
		{"unpause", "running", "running", false, 0},
		{"unpause", "exited", "", false, apperr.Conflict},
		{"kill", "running", "exited", true, 0},
		{"kill", "exited", "", false, apperr.Conflict},
	} {
		t.Run(c.verb+" "+c.from, func(t *testing.T) {
			t.Parallel()
			d, h := setup(t)
			id := d.Add(dockertest.Container{State: c.from})
			change, err := operate(t, h, id, operations.Operation{Name: c.verb})
			if c.kind != 0 {
				require.Equal(t, c.kind, apperr.KindOf(err))
				require.ErrorContains(t, err, "Error response from daemon: ")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.changed, change.Changed)
			require.Equal(t, c.from, change.Before.Status)
			require.Equal(t, c.to, change.After.Status)
			require.True(t, change.Reached)
		})
	}
}

// leastMemory is Docker's minimum for a container's memory limit, in bytes.
const leastMemory = 6 << 20

func TestSenselessOperationsReachNoDaemon(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	found, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	for _, o := range []operations.Operation{
		{},
		{Name: "explode"},
		{Name: "../kill"},
		{Name: "kill", Params: operations.Kill{Signal: "TERM&x=y"}},
		{Name: "kill", Params: operations.Kill{Signal: "0"}},
		{Name: "restart", Params: operations.Stop{Signal: "term it"}},
		{Name: "rename"},
		{Name: "rename", Params: operations.Rename{Name: "x"}},
		{Name: "rename", Params: operations.Rename{Name: "a/b"}},
		{Name: "rename", Params: operations.Rename{Name: "a?x=y"}},
		{Name: "rename", Params: operations.Rename{Name: "0123456789ab"}},
		{Name: "rename", Params: operations.Rename{Name: strings.Repeat("x", 256)}},
		{Name: "update"},
		{Name: "update", Params: operations.Update{Memory: new(int64)}},
		{Name: "update", Params: operations.Update{Memory: some[int64](leastMemory - 1)}},
		{Name: "update", Params: operations.Update{Memory: some[int64](-1)}},
		{Name: "update", Params: operations.Update{Memory: some[int64](math.MaxInt64)}},
		{Name: "update", Params: operations.Update{MemorySwap: some[int64](-2)}},
		{Name: "update", Params: operations.Update{Memory: some[int64](2 * leastMemory), MemorySwap: some[int64](leastMemory)}},
		{Name: "update", Params: operations.Update{CPUs: some(0.0)}},
		{Name: "update", Params: operations.Update{CPUs: some(math.NaN())}},
		{Name: "update", Params: operations.Update{CPUs: some(math.Inf(1))}},
		{Name: "update", Params: operations.Update{Pids: new(int64)}},
		{Name: "update", Params: operations.Update{Pids: some[int64](-2)}},
		{Name: "update", Params: operations.Update{RestartPolicy: "sometimes"}},
		{Name: "update", Params: operations.Update{RestartPolicy: "always:3"}},
		{Name: "remove", Wait: "exited"},
		{Name: "stop", Wait: "asleep"},
		{Name: "stop", Wait: "exited", Limit: time.Hour},
		{Name: "stop", Limit: -1},
		{Name: "restart", Wait: "healthy"},
		{Name: "recreate", Wait: "exited"},
		{Name: "recreate", Params: operations.Recreate{Image: "../containers/x"}},
		{Name: "recreate", Params: operations.Recreate{Image: "a b"}},
		{Name: "recreate", Params: operations.Recreate{Image: "a?x=y"}},
		{Name: "recreate", Params: operations.Recreate{Image: "a/../../b"}},
	} {
		_, err := h.Operate(context.Background(), found, o)
		require.Equal(t, apperr.Invalid, apperr.KindOf(err), "%+v", o)
	}
	require.Len(t, d.Requests(), 1)
}

func some[T any](v T) *T { return &v }

func TestSignalAndTimeoutArePassedOn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.SetAPI("1.47", "1.24")
	id := d.Add(dockertest.Container{})
	five := 5
	_, err := operate(t, h, id, operations.Operation{Name: "kill", Params: operations.Kill{Signal: "SIGHUP"}})
	require.NoError(t, err)
	_, err = operate(t, h, id, operations.Operation{Name: "restart", Params: operations.Stop{Signal: "RTMIN+3", Timeout: &five}})
	require.NoError(t, err)
	var queries []string
	for _, r := range d.Requests() {
		if r.Method == http.MethodPost {
			queries = append(queries, r.Query)
		}
	}
	require.Equal(t, []string{"signal=SIGHUP", "signal=RTMIN%2B3&t=5"}, queries)
}

func TestWaitEndsWhenTheContainerIsHealthy(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{State: "exited", Health: "starting"})
	found, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	answer := make(chan operations.Result, 1)
	go func() {
		c, _ := h.Operate(context.Background(), found, operations.Operation{Name: "start", Wait: "healthy"})
		answer <- c
	}()
	require.Eventually(t, func() bool { return len(d.Requests()) >= 5 }, time.Minute, time.Millisecond)
	d.SetHealth(id, "healthy")
	c := <-answer
	require.True(t, c.Reached)
	require.Equal(t, "healthy", c.After.Health)
}

func TestWaitThatCannotSucceedEndsBeforeItsLimit(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{State: "exited"})
	d.Handle("POST /containers/{id}/start", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	c, err := operate(t, h, id, operations.Operation{Name: "start", Wait: "running", Limit: time.Minute})
	require.NoError(t, err)
	require.False(t, c.Reached)
	require.True(t, c.Changed)
	require.Equal(t, "exited", c.After.Status)
}

func TestWaitHasALimit(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	c, err := operate(t, h, id, operations.Operation{Name: "kill", Params: operations.Kill{Signal: "HUP"}, Wait: "exited", Limit: 100 * time.Millisecond})
	require.NoError(t, err)
	require.False(t, c.Reached)
	require.Equal(t, "running", c.After.Status)
}

func TestOperationsOnRealEngines(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		id := e.Run(t, dockertest.Spec{})
		second, tried := 1, map[string]bool{}
		name := "renamed-" + id[:8]
		for _, c := range []struct {
			operation operations.Operation
			changed   bool
			after     string
		}{
			{operations.Operation{Name: "start"}, false, "running"},
			{operations.Operation{Name: "pause"}, true, "paused"},
			{operations.Operation{Name: "pause"}, false, "paused"},
			{operations.Operation{Name: "unpause"}, true, "running"},
			{operations.Operation{Name: "unpause"}, false, "running"},
			{operations.Operation{Name: "restart", Params: operations.Stop{Timeout: &second}, Wait: "running"}, true, "running"},
			{operations.Operation{Name: "kill", Wait: "exited"}, true, "exited"},
			{operations.Operation{Name: "stop", Params: operations.Stop{Timeout: &second}}, false, "exited"},
			{operations.Operation{Name: "start", Wait: "running"}, true, "running"},
			{operations.Operation{Name: "stop", Params: operations.Stop{Timeout: &second}, Wait: "exited"}, true, "exited"},
			{operations.Operation{Name: "rename", Params: operations.Rename{Name: name}}, true, "exited"},
			{operations.Operation{Name: "rename", Params: operations.Rename{Name: name}}, false, "exited"},
		} {
			tried[c.operation.Name] = true
			change, err := operate(t, h, id, c.operation)
			require.NoError(t, err, c.operation.Name)
			require.Equal(t, c.changed, change.Changed, c.operation.Name)
			require.Equal(t, c.after, change.After.Status, c.operation.Name)
			require.True(t, change.Reached)
		}
		_, err := operate(t, h, id, operations.Operation{Name: "kill"})
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
		_, err = operate(t, h, id, operations.Operation{Name: "pause"})
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))

		tried["update"], tried["remove"], tried["recreate"] = true, true, true // recreate in package service/recreate
		updatesOnARealEngine(t, e, h)
		removesOnARealEngine(t, e, h)
		for _, row := range operations.All() {
			require.True(t, tried[row.Name], "%s: try it above on real engines", row.Name)
		}
	})
}

// updatesOnARealEngine checks that an update changes the requested limits and no others.
func updatesOnARealEngine(t *testing.T, e dockertest.Engine, h *Host) {
	t.Helper()
	id := e.Run(t, dockertest.Spec{})
	if e.Podman(t) {
		_, err := operate(t, h, id, operations.Operation{Name: "update", Params: operations.Update{CPUs: some(0.5)}})
		requireError(t, err, apperr.Conflict, "this engine can't change the limits of a container")
		return
	}
	update := func(p operations.Update) {
		result, err := operate(t, h, id, operations.Operation{Name: "update", Params: p})
		require.NoError(t, err)
		require.Equal(t, "running", result.After.Status)
		require.True(t, result.Changed)
	}
	update(operations.Update{Memory: some[int64](64 << 20), MemorySwap: some[int64](128 << 20), CPUs: some(0.5), Pids: some[int64](50)})
	update(operations.Update{RestartPolicy: "on-failure:3"})
	got := e.Inspect(t, id).HostConfig
	require.Equal(t, int64(64<<20), got.Memory)
	require.Equal(t, int64(500_000_000), got.NanoCPUs)
	require.Equal(t, int64(50), *got.PidsLimit)
	require.Equal(t, "on-failure", string(got.RestartPolicy.Name))
	require.Equal(t, 3, got.RestartPolicy.MaximumRetryCount)
}

// removesOnARealEngine checks that a running container is removed only by force, and that removing it again changes nothing.
func removesOnARealEngine(t *testing.T, e dockertest.Engine, h *Host) {
	t.Helper()
	id := e.Run(t, dockertest.Spec{})
	_, err := operate(t, h, id, operations.Operation{Name: "remove"})
	require.Equal(t, apperr.Conflict, apperr.KindOf(err), "%v", err)
	found, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	for _, changed := range []bool{true, false} {
		result, err := h.Operate(context.Background(), found, operations.Operation{Name: "remove", Params: operations.Remove{Force: true, Volumes: true}})
		require.NoError(t, err)
		require.Equal(t, changed, result.Changed)
		require.Equal(t, "running", result.Before.Status)
		require.Empty(t, result.After.Status)
	}
	_, err = h.Inspect(context.Background(), ref(t, id))
	require.Equal(t, apperr.NotFound, apperr.KindOf(err))

	exited := e.Run(t, dockertest.Spec{})
	e.Stop(t, exited)
	_, err = operate(t, h, exited, operations.Operation{Name: "remove"})
	require.NoError(t, err)
}

// A container created with --rm is gone after an operation that ends it: the operation has succeeded.
func TestOperationAfterWhichTheEngineRemovesTheContainer(t *testing.T) {
	t.Parallel()
	for wait, reached := range map[string]bool{"": true, "exited": true, "running": false} {
		d, h := setup(t)
		id := d.Add(dockertest.Container{})
		d.Handle("POST /containers/{id}/kill", func(w http.ResponseWriter, _ *http.Request) {
			d.Remove(id)
			w.WriteHeader(http.StatusNoContent)
		})
		result, err := operate(t, h, id, operations.Operation{Name: "kill", Wait: wait})
		require.NoError(t, err)
		require.Equal(t, operations.Result{Changed: true, Before: result.Before, Reached: reached}, result)
	}
}

func TestWaitForARealHealthCheck(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		if _, err := os.Stat("/run/systemd/private"); err != nil && e.Podman(t) {
			t.Skip("Podman has its health checks run by systemd, which isn't here")
		}
		id := e.Run(t, dockertest.Spec{Created: true, Healthcheck: []string{"/app", "exit", "0"}})
		c, err := operate(t, h, id, operations.Operation{Name: "start", Wait: "healthy"})
		require.NoError(t, err)
		require.True(t, c.Reached)
		require.Equal(t, "healthy", c.After.Health)
	})
}
