package benchaccess

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/scripts/benchkit"
)

// A stream that hasn't ended within endLimit counts as still open, however busy the machine is. The reader stops after giveUp.
const endLimit, giveUp = 20 * time.Second, time.Minute

// victim is a user with a session whose rights are about to be revoked.
type victim struct {
	name   string
	tokens benchkit.Tokens
	grant  string // the grant's id
}

// revocations are the ways to revoke rights. grant restores them, revoke removes them: after its answer no replica may accept the
// session. Those that end the session must end its renewals too.
var revocations = []struct {
	name          string
	ends          bool
	grant, revoke func(*benchkit.Server, *victim)
}{
	{name: "logout", ends: true, grant: session, revoke: func(s *benchkit.Server, v *victim) {
		s.Must("POST", "/logout", map[string]string{"refresh_token": v.tokens.RefreshToken}, nil)
	}},
	{name: "disabling", ends: true, grant: func(s *benchkit.Server, v *victim) {
		change(s, v, "disabled", false)
		session(s, v)
	}, revoke: func(s *benchkit.Server, v *victim) { change(s, v, "disabled", true) }},
	{name: "password change", ends: true, grant: session, revoke: func(s *benchkit.Server, v *victim) {
		s.Must("POST", "/v1/users/"+v.name+"/password", map[string]string{"password": benchkit.Password}, nil)
	}},
	{name: "role change", grant: func(s *benchkit.Server, v *victim) {
		change(s, v, "role", "viewer")
		session(s, v)
	}, revoke: func(s *benchkit.Server, v *victim) { change(s, v, "role", "none") }},
	{name: "grant removal", grant: func(s *benchkit.Server, v *victim) {
		change(s, v, "role", "none")
		var g struct{ ID string }
		s.Must("POST", "/v1/grants", map[string]string{"username": v.name, "hosts": "*", "role": "viewer"}, &g)
		v.grant = g.ID
		session(s, v)
	}, revoke: func(s *benchkit.Server, v *victim) { s.Must("DELETE", "/v1/grants/"+v.grant, nil, nil) }},
}

func session(s *benchkit.Server, v *victim) { v.tokens = s.Login(v.name) }

func change(s *benchkit.Server, v *victim, field string, value any) {
	s.Must("PATCH", "/v1/users/"+v.name, map[string]any{field: value}, nil)
}

// tally holds the results of one way to revoke rights.
type tally struct {
	calls, late atomic.Int64 // all calls; those accepted though they began after the answer

	mu    sync.Mutex
	worst [2]time.Duration // longest time from the answer to a stream's end: on the replica that answered, on the other
}

func (y *tally) ended(replica int, after time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.worst[replica] = max(y.worst[replica], after)
}

// Two processes on one Postgres. Callers and streams on both use a session whose rights are revoked through one of them. Requests
// that begin after the answer must be refused, and the streams must end.
func TestRightsEndOnEveryReplicaAtOnce(t *testing.T) {
	benchkit.Parallel(t)
	settings := []string{"DB_SOURCE=" + dbtest.EmptyPostgresSource(t), "TOKEN_KEYS=k:" + rand.Text() + rand.Text()}
	first := wharf(t, settings...).Bootstrap()
	second := wharf(t, settings...)
	second.Admin = first.Admin
	callers, rounds := benchkit.Size(10, 50), benchkit.Size(2, 200)
	for _, revocation := range revocations {
		var y tally
		var streams sync.WaitGroup
		v := &victim{name: fmt.Sprintf("victim-%c%d", revocation.name[0], len(revocation.name))}
		first.SignUp(v.name, "viewer")
		for n := range rounds {
			here, there := first, second
			if n%2 == 1 {
				here, there = second, first
			}
			revocation.grant(here, v)
			var at time.Time
			answered := make(chan struct{})
			for i := range callers {
				end := stream(t, []*benchkit.Server{here, there}[i%2], v.tokens.AccessToken)
				streams.Go(func() {
					<-answered
					y.ended(i%2, (<-end).Sub(at))
				})
			}
			y.race(t, []*benchkit.Server{here, there}, callers, v.tokens.AccessToken, func() {
				revocation.revoke(here, v)
				at = time.Now()
				close(answered)
			})
			renewal := there.Call("POST", "/token/renew_access", "", map[string]string{"refresh_token": v.tokens.RefreshToken})
			require.Equal(t, revocation.ends, renewal.Status == http.StatusUnauthorized, "%s: %d %s", revocation.name, renewal.Status, renewal.Body)
		}
		streams.Wait()
		worst := max(y.worst[0], y.worst[1], 0)
		benchkit.Figure(fmt.Sprintf("%s, %d rounds against %d callers and %d streams on 2 replicas", revocation.name, rounds, callers, callers),
			"0 late accepts; streams end ≤ 1 s", "%d late of %d calls; the last stream ended after %.0f ms (%.0f on the other replica)",
			y.late.Load(), y.calls.Load(), ms(worst), ms(max(y.worst[1], 0)))
		require.Zero(t, y.late.Load(), revocation.name)
		require.Less(t, worst, endLimit, revocation.name)
		benchkit.Within(t, worst <= time.Second, revocation.name+": streams end late")
	}
}

// race runs callers on all replicas with a token. Each stops after its first call that began after revoke returned.
func (y *tally) race(t *testing.T, replicas []*benchkit.Server, callers int, token string, revoke func()) {
	var over atomic.Bool
	var before, all sync.WaitGroup
	before.Add(callers)
	for i := range callers {
		all.Go(func() {
			for n := 0; ; n++ {
				after := over.Load()
				status := replicas[i%len(replicas)].Call("GET", "/hosts", token, nil).Status
				y.calls.Add(1)
				switch accepted := status == http.StatusOK; {
				case !accepted && status != http.StatusUnauthorized && status != http.StatusForbidden:
					t.Errorf("status %d", status)
				case after && accepted:
					y.late.Add(1)
				case n == 0 && !accepted:
					t.Error("refused before its rights were taken away")
				}
				if n == 0 {
					before.Done()
				}
				if after {
					return
				}
			}
		})
	}
	before.Wait()
	revoke()
	over.Store(true)
	all.Wait()
}

// stream opens an event stream and, once it has begun, returns a channel that receives the time of its end.
func stream(t *testing.T, s *benchkit.Server, token string) <-chan time.Time {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(giveUp)))
	_, err = fmt.Fprintf(conn, "GET /events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", s.Addr, token)
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	_, err = resp.Body.Read(make([]byte, 1))
	require.NoError(t, err)
	ended := make(chan time.Time, 1)
	go func() {
		defer conn.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		ended <- time.Now()
	}()
	return ended
}
