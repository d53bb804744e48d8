package benchedge

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/scripts/benchkit"
)

// The time of an answer must not reveal whether a container exists that the caller may not see.
func TestTimeTellsNoHiddenContainer(t *testing.T) {
	benchkit.Parallel(t)
	eachEngine(t, func(t *testing.T, name, source string) {
		d := dockertest.NewDaemon(t)
		hidden, unknown := strings.Repeat("2", 64), strings.Repeat("3", 64)
		d.Add(dockertest.Container{ID: strings.Repeat("1", 64), Name: "web", Labels: map[string]string{"team": "web"}},
			dockertest.Container{ID: hidden, Name: "money", Labels: map[string]string{"team": "money"}})
		s := wharf(t, source, "DOCKER_HOSTS=h="+d.Addr(), "ALLOW_PLAIN_TCP=true")
		token := s.Person("hong", "none")
		a := s.Call("POST", "/v1/grants", s.Admin, map[string]string{"username": "hong", "hosts": "*", "labels": "team=web", "role": "viewer"})
		require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
		took := map[string][]time.Duration{}
		for range benchkit.Size(20, 3000) {
			pair := []string{hidden, unknown}
			rand.Shuffle(2, func(i, j int) { pair[i], pair[j] = pair[j], pair[i] })
			for _, id := range pair {
				began := time.Now()
				a := s.Call("GET", "/inspect2/h/"+id, token, nil)
				took[id] = append(took[id], time.Since(began))
				require.Equal(t, http.StatusNotFound, a.Status)
			}
		}
		apart := separation(took[hidden], took[unknown])
		benchkit.Figure("hidden or unknown, by the time of the answer, "+name, "24 of 24 in three requests; chance",
			"medians %.3f and %.3f ms; a hidden one takes longer in %.0f %% of the pairs", ms(percentile(took[hidden], 50)), ms(percentile(took[unknown], 50)), 100*apart)
		benchkit.Within(t, apart > 0.45 && apart < 0.55, "the time tells")
	})
}

// separation returns the share of pairs in which a's time is longer: a half if nothing distinguishes them.
func separation(a, b []time.Duration) float64 {
	b = slices.Clone(b)
	slices.Sort(b)
	below := 0
	for _, x := range a {
		n, _ := slices.BinarySearch(b, x)
		below += n
	}
	return float64(below) / float64(len(a)*len(b))
}
