package benchweb

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
	"wharf/web/browsertest"
)

func TestMain(m *testing.M) { os.Exit(benchkit.Main(m, "BENCH_WEB")) }

const username = "gildong"

// wharf starts wharf with hosts in the notation of DOCKER_HOSTS, and creates its first user.
func wharf(t *testing.T, hosts string) *benchkit.Server {
	t.Helper()
	p := benchkit.Wharf(t, "DOCKER_HOSTS="+hosts, "STATS_SOURCE=engine", "ALLOW_PLAIN_TCP=true")
	s := benchkit.Serve(t, p, &http.Transport{})
	s.SignUp(username, "")
	s.Admin = s.Login(username).AccessToken
	require.Equal(t, http.StatusOK, s.Call("GET", "/", "", nil).Status, "the page isn't built: run `make web`")
	return s
}

// browser starts a browser, unless WEB=no leaves the page out.
func browser(t *testing.T) *browsertest.Tab {
	t.Helper()
	if os.Getenv("WEB") == "no" {
		t.Skip("needs the page: left out by WEB=no")
	}
	tab := browsertest.Open(t)
	tab.Look(1280, 800, "light")
	return tab
}

// login opens an address of the page and logs in.
func login(tab *browsertest.Tab, url string) {
	tab.Go(url)
	tab.Type(`input[name="username"]`, username)
	tab.Type(`input[name="password"]`, benchkit.Password)
	tab.Click(`form .primary`)
	tab.Until(live)
}

// live is true when the lists are loaded and the stream is open.
const live = `document.querySelector('main .top') && document.querySelector('.link-state .good')`
