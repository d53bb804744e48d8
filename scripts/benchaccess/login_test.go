package benchaccess

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// triesEach is how many wrong passwords a user may have before the delays begin.
const triesEach = 5

// forwarded sets X-Forwarded-For to the nth of many addresses.
func forwarded(n int) func(*http.Request) {
	return func(r *http.Request) {
		addr := fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
		r.Header.Set("X-Forwarded-For", addr)
		r.Header.Set("X-Real-Ip", addr)
		r.Header.Set("Forwarded", "for="+addr)
	}
}

// Logins of unknown users, with wrong passwords and of disabled users, in a random order. The server trusts this machine as a
// proxy, and each login comes from another address, so that no limit is reached.
func TestRefusedLoginsLookAlike(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, setting string) {
		file := filepath.Join(t.TempDir(), "password") // behind a proxy the first user would need the setup token
		require.NoError(t, os.WriteFile(file, []byte(benchkit.Password), 0o600))
		s := wharf(t, setting, "TRUSTED_PROXIES=127.0.0.1", "ADMIN_USERNAME=admin", "ADMIN_PASSWORD_FILE="+file)
		s.Admin = s.Login("admin").AccessToken
		samples := benchkit.Size(triesEach, 200)
		for i := range samples / triesEach {
			s.SignUp(fmt.Sprint("wrong", i), "viewer")
			s.SignUp(fmt.Sprint("disabled", i), "viewer")
			s.Must("PATCH", fmt.Sprint("/v1/users/disabled", i), map[string]any{"disabled": true}, nil)
		}
		kinds := []string{"unknown", "wrong", "disabled"}
		took := map[string][]time.Duration{}
		looks := map[string]bool{}
		for n := range samples {
			for _, i := range rand.Perm(len(kinds)) {
				body := map[string]string{"username": fmt.Sprint(kinds[i], n/triesEach), "password": benchkit.Password}
				if kinds[i] == "wrong" {
					body["password"] = strings.ToUpper(benchkit.Password)
				}
				began := time.Now()
				a := s.Call("POST", "/login", "", body, forwarded(n*len(kinds)+i))
				took[kinds[i]] = append(took[kinds[i]], time.Since(began))
				a.Header.Del("X-Request-Id")
				a.Header.Del("Date")
				looks[fmt.Sprintf("%d %v %s", a.Status, a.Header, a.Body)] = true
			}
		}
		require.Len(t, looks, 1, "one answer")
		least, most := median(took[kinds[0]]), median(took[kinds[0]])
		for _, kind := range kinds {
			least, most = min(least, median(took[kind])), max(most, median(took[kind]))
		}
		apart := 100 * (ratio(most, least) - 1)
		benchkit.Figure(fmt.Sprintf("refused logins, %s, %d of each kind in random order", name, samples), "medians within 5 %, one answer",
			"%.1f %% apart (unknown %.2f, wrong %.2f, disabled %.2f ms), one answer", apart,
			ms(median(took["unknown"])), ms(median(took["wrong"])), ms(median(took["disabled"])))
		benchkit.Within(t, apart <= 5, "one duration")
	})
}

// from returns a client of the same server that connects from another address of this machine.
func from(s *benchkit.Server, addr string) *benchkit.Server {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
	return s.Through(&http.Transport{DialContext: dialer.DialContext})
}

// Two clients guess in turns. One of them forges a new X-Forwarded-For each time, without a trusted proxy.
func TestLimitIsNotDodgedByForwardedAddresses(t *testing.T) {
	benchkit.Parallel(t)
	const plainAddr, forgedAddr = "127.0.0.2", "127.0.0.3"
	s := wharf(t, "DB_SOURCE=").Bootstrap()
	plain, forged := from(s, plainAddr), from(s, forgedAddr)
	logins := 0
	trip := map[string]int{}   // the first login refused by the limit
	judged := map[string]int{} // logins that were checked
	for n := range 1000 {
		if !benchkit.Full && trip[plainAddr] > 0 && trip[forgedAddr] > 0 {
			break
		}
		logins++
		for addr, client := range map[string]*benchkit.Server{plainAddr: plain, forgedAddr: forged} {
			body := map[string]string{"username": fmt.Sprint("nobody", n), "password": benchkit.Password}
			edit := func(*http.Request) {}
			if addr == forgedAddr {
				edit = forwarded(n)
			}
			switch a := client.Call("POST", "/login", "", body, edit); a.Status {
			case http.StatusUnauthorized:
				judged[addr]++
			case http.StatusTooManyRequests:
				if trip[addr] == 0 {
					trip[addr] = n + 1
				}
			default:
				require.Fail(t, "unexpected answer", "%d %s", a.Status, a.Body)
			}
		}
	}
	rows := loginsByAddress(s)
	benchkit.Figure(fmt.Sprintf("%d logins with a rotating X-Forwarded-For, in turns with as many without", logins),
		"limited at the same count; audit shows the peer", "login %d was one too many, without login %d; audit: %d logins of the peer, %d other addresses",
		trip[forgedAddr], trip[plainAddr], rows[forgedAddr], len(rows)-3)
	require.NotZero(t, trip[plainAddr])
	// The limit refills by one per second, which may happen between the two logins.
	require.InDelta(t, trip[plainAddr], trip[forgedAddr], float64(benchkit.Size(3, 1)))
	require.Equal(t, map[string]int{"127.0.0.1": 1, plainAddr: judged[plainAddr], forgedAddr: judged[forgedAddr]}, rows)
}

// loginsByAddress counts the logins in the audit by client address.
func loginsByAddress(s *benchkit.Server) map[string]int {
	rows := map[string]int{}
	for cursor := ""; ; {
		var page struct {
			Audit []struct {
				Address string
				Times   int
			}
			Cursor string
		}
		s.Must("GET", "/v1/audit?action=login&limit=500&cursor="+url.QueryEscape(cursor), nil, &page)
		for _, row := range page.Audit {
			rows[row.Address] += row.Times
		}
		if cursor = page.Cursor; cursor == "" {
			return rows
		}
	}
}
