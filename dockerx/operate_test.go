package dockerx

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func operate(t *testing.T, h *Host, id string, o Operation) (Result, error) {
	t.Helper()
	d, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	return h.Operate(context.Background(), d, o)
}

func TestOperationsSayWhetherTheyChangedAnything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		verb, from, to string
		changed        bool
		kind           apperr.Kind // of the error, if there is to be one
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
			change, err := operate(t, h, id, Operation{Name: c.verb})
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

func TestSenselessOperationsReachNoDaemon(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	found, err := h.Resolve(context.Background(), ref(t, id))
	require.NoError(t, err)
	for _, o := range []Operation{
		{},
		{Name: "remove"},
		{Name: "../kill"},
		{Name: "kill", Params: Kill{Signal: "TERM&x=y"}},
		{Name: "kill", Params: Kill{Signal: "0"}},
		{Name: "restart", Params: Stop{Signal: "term it"}},
		{Name: "rename"},
		{Name: "rename", Params: Rename{Name: "x"}},
		{Name: "rename", Params: Rename{Name: "a/b"}},
		{Name: "rename", Params: Rename{Name: "a?x=y"}},
		{Name: "rename", Params: Rename{Name: "0123456789ab"}},
		{Name: "rename", Params: Rename{Name: strings.Repeat("x", 256)}},
		{Name: "stop", Wait: "asleep"},
		{Name: "stop", Wait: "exited", Limit: time.Hour},
		{Name: "stop", Limit: -1},
		{Name: "restart", Wait: "healthy"},
	} {
		_, err := h.Operate(context.Background(), found, o)
		require.Equal(t, apperr.Invalid, apperr.KindOf(err), "%+v", o)
	}
	require.Len(t, d.Requests(), 1)
}

func TestSignalAndTimeoutArePassedOn(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	d.SetAPI("1.47", "1.24")
	id := d.Add(dockertest.Container{})
	five := 5
	_, err := operate(t, h, id, Operation{Name: "kill", Params: Kill{Signal: "SIGHUP"}})
	require.NoError(t, err)
	_, err = operate(t, h, id, Operation{Name: "restart", Params: Stop{Signal: "RTMIN+3", Timeout: &five}})
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
	answer := make(chan Result, 1)
	go func() {
		c, _ := h.Operate(context.Background(), found, Operation{Name: "start", Wait: "healthy"})
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
	c, err := operate(t, h, id, Operation{Name: "start", Wait: "running", Limit: time.Minute})
	require.NoError(t, err)
	require.False(t, c.Reached)
	require.True(t, c.Changed)
	require.Equal(t, "exited", c.After.Status)
}

func TestWaitHasALimit(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := d.Add(dockertest.Container{})
	c, err := operate(t, h, id, Operation{Name: "kill", Params: Kill{Signal: "HUP"}, Wait: "exited", Limit: 100 * time.Millisecond})
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
			operation Operation
			changed   bool
			after     string
		}{
			{Operation{Name: "start"}, false, "running"},
			{Operation{Name: "pause"}, true, "paused"},
			{Operation{Name: "pause"}, false, "paused"},
			{Operation{Name: "unpause"}, true, "running"},
			{Operation{Name: "unpause"}, false, "running"},
			{Operation{Name: "restart", Params: Stop{Timeout: &second}, Wait: "running"}, true, "running"},
			{Operation{Name: "kill", Wait: "exited"}, true, "exited"},
			{Operation{Name: "stop", Params: Stop{Timeout: &second}}, false, "exited"},
			{Operation{Name: "start", Wait: "running"}, true, "running"},
			{Operation{Name: "stop", Params: Stop{Timeout: &second}, Wait: "exited"}, true, "exited"},
			{Operation{Name: "rename", Params: Rename{Name: name}}, true, "exited"},
			{Operation{Name: "rename", Params: Rename{Name: name}}, false, "exited"},
		} {
			tried[c.operation.Name] = true
			change, err := operate(t, h, id, c.operation)
			require.NoError(t, err, c.operation.Name)
			require.Equal(t, c.changed, change.Changed, c.operation.Name)
			require.Equal(t, c.after, change.After.Status, c.operation.Name)
			require.True(t, change.Reached)
		}
		for _, row := range operations {
			require.True(t, tried[row.name], "%s: try it above on real engines", row.name)
		}
		_, err := operate(t, h, id, Operation{Name: "kill"})
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
		_, err = operate(t, h, id, Operation{Name: "pause"})
		require.Equal(t, apperr.Conflict, apperr.KindOf(err))
	})
}

func TestWaitForARealHealthCheck(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, e dockertest.Engine, h *Host) {
		t.Helper()
		if _, err := os.Stat("/run/systemd/private"); err != nil && e.Podman(t) {
			t.Skip("Podman has its health checks run by systemd, which isn't here")
		}
		id := e.Run(t, dockertest.Spec{Created: true, Healthcheck: []string{"/app", "exit", "0"}})
		c, err := operate(t, h, id, Operation{Name: "start", Wait: "healthy"})
		require.NoError(t, err)
		require.True(t, c.Reached)
		require.Equal(t, "healthy", c.After.Health)
	})
}
