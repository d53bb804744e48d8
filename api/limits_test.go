package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Forged forwarded addresses don't evade the limit per address: no caller here is a trusted proxy.
func TestLoginLimitIsNotDodgedByForwardedAddresses(t *testing.T) {
	t.Parallel()
	// Tries that are regained while the test runs, one per second, don't count.
	tries := func(forward bool) (until float64) {
		w := setup(t, nil)
		began := time.Now()
		for i := range 1000 {
			body := map[string]string{"username": fmt.Sprintf("nobody%d", i), "password": "wrong-password"}
			a := w.call("POST", "/login", "", body, func(r *http.Request) {
				if forward {
					r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.9", i/250, i%250))
				}
			})
			if a.status == http.StatusTooManyRequests {
				require.NotEmpty(t, a.header.Get("Retry-After"))
				require.NotContains(t, w.get("/v1/audit?action=login&limit=500").body, `"address":"10.`)
				return float64(i) - time.Since(began).Seconds()
			}
			require.Equal(t, http.StatusUnauthorized, a.status, a.body)
		}
		t.Fatal("1,000 wrong passwords from one address and no limit")
		return 0
	}
	plain, forged := tries(false), tries(true)
	require.InDelta(t, plain, forged, 3)
}
