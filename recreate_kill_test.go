package main_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
)

// recreationSteps is the number of steps of a recreation of a running container. Each logs a line when it begins.
const recreationSteps = 8

// killAt kills the server a given time after the step-th line of a recreation.
func (p *process) killAt(step int, after time.Duration) {
	var once sync.Once
	p.logs.onWrite(func(all string) {
		if strings.Count(all, "recreation step begins") >= step {
			once.Do(func() { time.AfterFunc(after, func() { _ = p.cmd.Process.Signal(syscall.SIGKILL) }) })
		}
	})
}

// When a server is killed during any step of a recreation, or between two, the next server leaves no container lost, duplicated
// or with a wrong name. WHARF_KILLS sets the number of kills on each database (default 16).
func TestAKillDuringARecreationHurtsNoContainer(t *testing.T) {
	t.Parallel()
	kills := 2 * recreationSteps
	if n, err := strconv.Atoi(os.Getenv("WHARF_KILLS")); err == nil {
		kills = n
	}
	e := dockertest.DefaultEngine(t)
	for kind, source := range map[string]func(*testing.T) string{
		"SQLite":   func(*testing.T) string { return "" },
		"Postgres": func(t *testing.T) string { return dbtest.EmptyPostgresSource(t) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			env := []string{"DOCKER_HOSTS=a=" + e.Addr, "DB_SOURCE=" + source(t), "AUTH_MODE=open", "ANON_ROLE=operator", "LOG_LEVEL=debug", "LOG_FORMAT=json"}
			k := &killed{t: t, e: e, label: "wharf-kill-" + strings.ToLower(kind) + strconv.Itoa(os.Getpid())}
			e.RemoveLabelled(t, k.label)
			k.id = e.Run(t, dockertest.Spec{Name: k.label, Labels: map[string]string{k.label: ""}, Restart: "always"})
			p := serve(t, dir, env...)
			for n := range kills {
				p.awaitReady()
				k.recreate(p, 1+n%recreationSteps, time.Duration(n/recreationSteps%8)*6*time.Millisecond)
				_ = p.cmd.Wait()
				p = serve(t, dir, env...)
				k.awaitOne(p)
			}
			p.stop(syscall.SIGTERM)
			t.Logf("%d kills: %d recreations finished by the next server, %d undone, %d had ended before", kills, k.finished, k.undone, k.ended)
			require.Positive(t, k.finished, "no kill left anything to finish")
			require.Positive(t, k.undone, "no kill left anything to undo")
		})
	}
}

// A server whose host is down at its start becomes ready nevertheless, keeps an earlier server's journal of a recreation on that
// host, and restores the container as soon as the host answers.
func TestARecreationWaitsForAHostThatIsDown(t *testing.T) {
	t.Parallel()
	for at, step := range map[string]int{"undone": 4, "finished": 7} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			own, dir := dockertest.NewOwnEngine(t), t.TempDir()
			env := []string{"DOCKER_HOSTS=a=" + own.Addr, "AUTH_MODE=open", "ANON_ROLE=operator", "LOG_LEVEL=debug", "LOG_FORMAT=json"}
			k := &killed{t: t, e: own.Engine, label: "wharf-down-" + at}
			k.id = own.Run(t, dockertest.Spec{Name: k.label, Labels: map[string]string{k.label: ""}, Restart: "always"})
			was := k.id
			p := serve(t, dir, env...)
			p.awaitReady()
			k.recreate(p, step, 0)
			_ = p.cmd.Wait()
			own.KillEngine(t)

			p = serve(t, dir, env...)
			p.awaitReady()
			require.Eventually(t, func() bool {
				return strings.Contains(p.logs.String(), "a recreation that was interrupted waits")
			}, time.Minute, 10*time.Millisecond, "%s", p.logs)
			require.Equal(t, http.StatusInternalServerError, p.listContainers("a", ""), "%s", p.logs)
			own.StartEngine(t)
			k.awaitOne(p)
			require.Equal(t, at == "undone", k.id == was)
			p.stop(syscall.SIGTERM)
		})
	}
}

// killed is the container that is recreated, with counts of the outcomes.
type killed struct {
	t         *testing.T
	e         dockertest.Engine
	label, id string

	finished, undone, ended int
	answered                bool
}

// recreate recreates the container on a server that is killed meanwhile. It tries again while the previous server's recreation is
// still being finished.
func (k *killed) recreate(p *process, step int, after time.Duration) {
	k.t.Helper()
	p.killAt(step, after)
	require.Eventually(k.t, func() bool {
		_, err := p.as("").RecreateContainer(k.t.Context(), "a", k.label, dto.Recreate{})
		k.answered = err == nil
		return status(err) != http.StatusConflict
	}, time.Minute, 10*time.Millisecond, "%s", p.logs)
}

// awaitOne waits until there is one container again: running, with its name and its restart policy.
func (k *killed) awaitOne(p *process) {
	k.t.Helper()
	var seen []string
	require.Eventually(k.t, func() bool {
		all := k.e.Labelled(k.t, k.label)
		seen = nil
		for _, c := range all {
			seen = append(seen, c.Names[0]+" "+c.State+" "+c.ID[:12])
		}
		if len(all) != 1 || all[0].Names[0] != "/"+k.label || all[0].State != "running" {
			return false
		}
		return k.e.Inspect(k.t, all[0].ID).HostConfig.RestartPolicy.Name == "always"
	}, time.Minute, 20*time.Millisecond, "%v\n%s", &seen, p)
	now := k.e.Labelled(k.t, k.label)[0].ID
	switch {
	case k.answered:
		k.ended++
	case now == k.id:
		k.undone++
	default:
		k.finished++
	}
	k.id = now
}
