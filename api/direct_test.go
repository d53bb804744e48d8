package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/api"
	"wharf/db/dbtest"
	"wharf/service"
)

// proxied are requests as a proxy on wharf's own machine forwards them, and requests of pages that pretend to be local.
var proxied = map[string]func(*http.Request){
	"X-Forwarded-For":   header("X-Forwarded-For", "203.0.113.9"),
	"empty":             header("X-Forwarded-For", ""),
	"lower case":        func(r *http.Request) { r.Header["x-forwarded-for"] = []string{"127.0.0.1"} },
	"X-Forwarded-Proto": header("X-Forwarded-Proto", "https"),
	"X-Forwarded-Host":  header("X-Forwarded-Host", "wharf.example.org"),
	"X-Real-IP":         header("X-Real-IP", "203.0.113.9"),
	"Forwarded":         header("Forwarded", "for=203.0.113.9"),
	"Via":               header("Via", "1.1 proxy"),
	"CF-Connecting-IP":  header("CF-Connecting-IP", "203.0.113.9"),
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func TestStrangerBehindAProxyMakesNoFirstUser(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, dbtest.SQLiteSource(t))
	setupToken := secret(service.NewSetupToken())
	w := setupOn(t, d, nil, noUsers, func(o *api.Options) {
		o.Users = service.NewUsers(d, service.UsersOptions{Hasher: hasher, SetupToken: setupToken, WaiveSetup: true})
	})
	first := map[string]string{
		"username": "gildong", "password": w.password, "full_name": "YunGilDong", "email": "gildong@email.com",
	}
	for name, edit := range proxied {
		require.Equal(t, http.StatusForbidden, w.call("POST", "/user", "", first, edit).status, name)
	}
	rebound := w.call("POST", "/user", "", first, func(r *http.Request) { r.Host = "evil.example:9083" })
	require.Equal(t, http.StatusForbidden, rebound.status, "a page under a name of its own that leads here")
	require.Equal(t, http.StatusOK, w.call("POST", "/user", "", first).status, "straight from this machine")
}

func TestStrangerBehindAProxyGetsNothingInOpenMode(t *testing.T) {
	t.Parallel()
	w := setup(t, nil, openMode)
	for name, edit := range proxied {
		require.Equal(t, http.StatusUnauthorized, w.call("GET", "/hosts", "", nil, edit).status, name)
	}
	require.Equal(t, http.StatusOK, w.call("GET", "/hosts", "", nil).status)
	network := setup(t, nil, openMode, func(o *api.Options) { o.OpenNetwork = true })
	require.Equal(t, http.StatusOK, network.call("GET", "/hosts", "", nil, proxied["Via"]).status, "ALLOW_OPEN_NETWORK=true")
}
