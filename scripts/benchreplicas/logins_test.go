package benchreplicas

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/scripts/benchkit"
)

// Wrong passwords that are spread over three replicas are checked no more often than at one replica.
func TestLoginLimits(t *testing.T) {
	benchkit.Parallel(t)
	tries := benchkit.Size(60, 1000)
	checked := map[int]int{}
	var took time.Duration
	for _, replicas := range []int{1, 3} {
		f := newFleet(t, 1, 0, 1, "TOKEN_KEYS=k:"+rand.Text()+rand.Text()) // the same on every replica
		for range replicas {
			f.start()
		}
		began := time.Now()
		statuses := f.guess(tries)
		took = time.Since(began)
		checked[replicas] = statuses[http.StatusUnauthorized]
		require.Equal(t, tries, statuses[http.StatusUnauthorized]+statuses[http.StatusTooManyRequests], "%v", statuses)
	}
	benchkit.Figure(fmt.Sprintf("login limit over 3 replicas, %d tries spread over them", tries), "limited at the count of one",
		"1 replica checks %d, 3 replicas check %d (in %.1f s)", checked[1], checked[3], took.Seconds())
	// 5 are free; after each of the delays that follow (1, 2, 4, 8 … s) one more is checked.
	benchkit.Within(t, checked[3] >= 5 && checked[3] <= 5+delaysIn(took), "tries that were checked")
}

// delaysIn returns how many of these delays end within a time.
func delaysIn(took time.Duration) (n int) {
	for wait := time.Second; took >= wait; wait = min(2*wait, time.Minute) {
		took -= wait
		n++
	}
	return n
}

// guess tries wrong passwords of one user, each from another address, and counts the answers by status.
func (f *fleet) guess(tries int) map[int]int {
	f.t.Helper()
	var (
		mu       sync.Mutex
		guessing sync.WaitGroup
		statuses = map[int]int{}
		next     = make(chan int)
	)
	for range 24 {
		guessing.Go(func() {
			for n := range next {
				url := f.replicas[n%len(f.replicas)].URL() + "/login"
				req, _ := http.NewRequestWithContext(f.t.Context(), http.MethodPost, url, bytes.NewReader([]byte(`{"username":"victim","password":"wrong"}`)))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.%d.%d", n/250, n%250))
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				mu.Lock()
				statuses[resp.StatusCode]++
				mu.Unlock()
			}
		})
	}
	for n := range tries {
		next <- n
	}
	close(next)
	guessing.Wait()
	return statuses
}
