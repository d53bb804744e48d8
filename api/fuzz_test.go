package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// FuzzBodies sends arbitrary bytes to every endpoint that reads a body: the answer is a success or an error in the contract's
// envelope, never a 5xx.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{"username":"gildong","password":"123123","full_name":"YunGilDong","email":"gildong@email.com"}`,
		`{"refresh_token":"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x"}`, `{"id":"web","host":"fake"}`, `{"id":"../images","host":"fake"}`,
		``, `null`, `[]`, `"x"`, `{}{}`, `{"id":1}`, `{"id":"web","host":"fake","id":"other"}`, "\ufeff{}", `{"username":"\u0000"}`, `{"x":1e400}`,
		"{\"username\":\"한글한글한글한글한글한글한글한글\",\"password\":\"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\"}",
	} {
		f.Add([]byte(seed))
	}
	d := dockertest.NewDaemon(f)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(f, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/user", "/login", "/logout", "/token/renew_access", "/start2", "/stop2"} {
			a := w.in(t).call("POST", path, w.admin, string(body))
			require.Less(t, a.status, http.StatusInternalServerError, "%s: %s", path, a.body)
			require.True(t, json.Valid([]byte(a.body)), a.body)
		}
	})
}

// FuzzPaths requests arbitrary containers of arbitrary hosts.
func FuzzPaths(f *testing.F) {
	f.Add("fake", "web")
	f.Add("fake", "..%2fimages")
	f.Add("%00", "x;y")
	f.Add("fake", "x?a=b#c")
	d := dockertest.NewDaemon(f)
	d.Add(dockertest.Container{Name: "web"})
	w := setup(f, []dockerx.HostConfig{{Name: "fake", Addr: d.Addr()}})
	f.Fuzz(func(t *testing.T, host, id string) {
		for _, path := range []string{"/inspect2/", "/stat2/"} {
			a := w.in(t).get(path + rawPath(host) + "/" + rawPath(id))
			require.Less(t, a.status, http.StatusInternalServerError, a.body)
			require.True(t, json.Valid([]byte(a.body)) || a.status == http.StatusMovedPermanently, a.body)
		}
	})
}
