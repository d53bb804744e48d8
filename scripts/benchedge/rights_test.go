package benchedge

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// Logouts at the same time as renewals of the same session.
func TestLogoutBesideRenewals(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		s := wharf(t, source, "DOCKER_HOSTS=h=unix:///nowhere.sock", "REFRESH_ROTATION=true")
		s.SignUp("vera", "viewer")
		rounds := benchkit.Size(10, 1000)
		var failed, lives atomic.Int64
		for range rounds {
			l := s.Login("vera")
			body := map[string]string{"refresh_token": l.RefreshToken}
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					if a := s.Call("POST", "/token/renew_access", "", body); a.Status != http.StatusOK && a.Status != http.StatusUnauthorized {
						failed.Add(1)
					}
				})
			}
			all.Go(func() {
				if a := s.Call("POST", "/logout", "", body); a.Status != http.StatusOK {
					failed.Add(1)
				}
			})
			all.Wait()
			if s.Call("GET", "/hosts", l.AccessToken, nil).Status != http.StatusUnauthorized {
				lives.Add(1)
			}
		}
		benchkit.Figure(fmt.Sprintf("%d logouts beside 4 renewals each, with rotation, %s", rounds, name), "16 of 40 were a 500 and the session lived; 0",
			"%d failed, %d sessions lived", failed.Load(), lives.Load())
		require.Zero(t, failed.Load())
		require.Zero(t, lives.Load())
	})
}

// Request bodies that never arrive, on every path.
func TestBodiesThatNeverCome(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		s := wharf(t, source, "DOCKER_HOSTS=h=unix:///nowhere.sock")
		var worst time.Duration
		open, n := 0, 0
		var mu sync.Mutex
		var all sync.WaitGroup
		for _, line := range []string{"POST /login", "POST /nowhere", "PUT /hosts", "GET /hosts", "POST /v1/users", "GET /healthz"} {
			for _, body := range []string{"Content-Length: 100\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n5\r\n{", "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"} {
				n++
				all.Go(func() {
					conn, err := net.Dial("tcp", s.Addr)
					if err != nil {
						t.Error(err)
						return
					}
					defer conn.Close()
					began := time.Now()
					_ = conn.SetDeadline(began.Add(limit))
					_, _ = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s", line, body)
					_, err = io.Copy(io.Discard, conn)
					var timeout net.Error
					mu.Lock()
					defer mu.Unlock()
					worst = max(worst, time.Since(began))
					if err != nil && asTimeout(err, &timeout) {
						open++
					}
				})
			}
		}
		all.Wait()
		benchkit.Figure(fmt.Sprintf("%d bodies that never come, %s", n, name), "never answered nor closed; ≤ 10 s", "%d open, the last ended after %.1f s", open, worst.Seconds())
		require.Zero(t, open)
	})
}

// A viewer causes refusals, which the audit records, as fast as it can.
func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		s := wharf(t, source, "DOCKER_HOSTS=h=unix:///nowhere.sock")
		viewer := s.Person("viewer", "viewer")
		calls := benchkit.Size(50, 5_000)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range calls / 8 {
					s.Call("GET", "/v1/users", viewer, nil)
				}
			})
		}
		all.Wait()
		a := s.Call("GET", "/v1/audit?user=viewer&outcome=refused&limit=100", s.Admin, nil)
		require.Equal(t, http.StatusOK, a.Status)
		rows := bytes.Count(a.Body, []byte(`"id":`))
		benchkit.Figure(fmt.Sprintf("%d refused calls of a viewer, %s", calls, name), "a row each, 790 a second; counted in one", "%d rows", rows)
		require.LessOrEqual(t, rows, 2)
	})
}

// An engine whose list of containers never ends.
func TestEndlessListCostsLittle(t *testing.T) {
	benchkit.Parallel(t)
	d := dockertest.NewDaemon(t)
	row := []byte(`{"Id":"` + fmt.Sprintf("%064d", 1) + `","Names":["/x"],"Image":"i","State":"running","Status":"Up"},`)
	d.Handle("GET /containers/json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "[")
		for r.Context().Err() == nil {
			if _, err := w.Write(row); err != nil {
				return
			}
		}
	})
	s := benchkit.Serve(t, benchkit.Wharf(t, "AUTH_MODE=open", "ANON_ROLE=admin", "ALLOW_PLAIN_TCP=true", "DOCKER_HOSTS=h="+d.Addr()), &http.Transport{})
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { // a caller lists all the time
		for {
			s.Call("GET", "/ps2/h", "", nil)
			select {
			case <-ended:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	time.Sleep(time.Duration(benchkit.Size(1, 15)) * time.Second)
	cpu, began := s.CPU(), time.Now()
	time.Sleep(time.Duration(benchkit.Size(1, 30)) * time.Second)
	share := 100 * (s.CPU() - cpu).Seconds() / time.Since(began).Seconds()
	close(ended)
	all.Wait()
	benchkit.Figure("an engine whose list never ends, asked five times a second, from 15 s on", "85–104 % of a core; ≤ 5 %", "%.1f %% of a core", share)
	benchkit.Within(t, share <= 5, "an endless list costs too much")
}

// The suite's own runs at their full size.
func TestTheSuitesLongRuns(t *testing.T) {
	if !benchkit.Full {
		return
	}
	for _, c := range []struct{ what, before, pkg, test, env string }{
		{"SIGKILL in a step of the migrations, 200 times on each engine", "15 of 40 and 17 of 40 refuse every later start; 0 of 200", "wharf", "TestAKillDuringMigrationsHurtsNoLaterStart", "WHARF_KILLS=200"},
		{"1,000 logouts beside 4 renewals, in the service", "deadlocks; none, and none run again", "wharf/service", "TestLogoutBesideRenewals", "WHARF_TEST_LONG=1"},
	} {
		began := time.Now()
		cmd := exec.Command("go", "test", "-count=1", "-timeout", "20m", "-run", "^"+c.test+"$", c.pkg)
		cmd.Env = append(os.Environ(), c.env)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		benchkit.Figure(c.what, c.before, "0 (%s, %.0f s)", c.test, time.Since(began).Seconds())
	}
}
