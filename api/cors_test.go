package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
)

func TestPagesOfListedOriginsAloneMayCall(t *testing.T) {
	t.Parallel()
	const ours, theirs = "https://app.example.org", "https://evil.example.org"
	w := setup(t, nil, func(o *api.Options) { o.CORSOrigins = []string{ours} })
	from := func(origin string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Origin", origin)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Access-Control-Request-Method", "POST")
		}
	}
	preflight := w.call("OPTIONS", "/login", "", nil, from(ours))
	require.Equal(t, http.StatusNoContent, preflight.status)
	require.Equal(t, ours, preflight.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, preflight.header.Get("Access-Control-Allow-Headers"), "Authorization")
	require.Empty(t, preflight.header.Get("Access-Control-Allow-Credentials"))

	good := w.call("POST", "/login", "", map[string]string{"username": "gildong", "password": w.password}, from(ours))
	require.Equal(t, http.StatusOK, good.status)
	require.Equal(t, ours, good.header.Get("Access-Control-Allow-Origin"))

	require.Empty(t, w.call("OPTIONS", "/login", "", nil, from(theirs)).header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.StatusForbidden, w.call("POST", "/login", "", "{}", from(theirs)).status)
}
