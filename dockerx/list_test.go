package dockerx

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
	"wharf/dockerx/containers"
	"wharf/dockerx/dockertest"
	"wharf/util/apperr"
)

func TestListShowsAllContainersInTheDaemonsOrder(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	a := d.Add(dockertest.Container{Name: "web", Labels: map[string]string{"k": "v"}})
	b := d.Add(dockertest.Container{Name: "db", Aliases: []string{"/web/database"}, State: "exited", Exit: 3})
	list, err := h.List(context.Background())
	require.NoError(t, err)
	require.Len(t, list.Containers, 2)
	first, second := list.Containers[0], list.Containers[1]
	require.Equal(t, a, first.ID)
	require.Equal(t, "web", first.Name)
	require.Equal(t, map[string]string{"k": "v"}, first.Labels)
	require.True(t, first.Running())
	require.Equal(t, b, second.ID)
	require.Equal(t, "db", second.Name, "not the link alias, which stands first")
	require.Equal(t, "exited", second.State)
	require.NotNil(t, second.Labels)
	require.False(t, second.Running())
	require.Equal(t, "all=1", d.Requests()[0].Query)
}

func TestListOfNothingIsEmptyNotNil(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	for _, body := range []string{"[]", "null", " [ ] \n"} {
		d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		list, err := h.List(context.Background())
		require.NoError(t, err, body)
		require.NotNil(t, list.Containers)
		require.Empty(t, list.Containers)
	}
}

func TestStrangeListIsAnErrorNeverAPanic(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := strings.Repeat("a", 64)
	for _, body := range []string{
		``, `{}`, `[`, `[{]`, `"x"`, `7`, `[7]`, `[null]`, `[[]]`, `[{"Id":7}]`, `[{"Id":"../images"}]`, `[{"Id":""}]`,
		`[{"Id":"` + id + `","Names":"x"}]`, `[{"Id":"` + id + `","Created":"x"}]`, `[{"Id":"` + id + `","Created":1e400}]`,
		`[{"Id":"` + id + `","Created":9223372036854775807}]`, `[{"Id":"` + id + `","Labels":[]}]`, `[{"Id":"` + id + `"},`,
		`[{"Id":"` + id + `","State":{}}]`, "<html>", "\xff\xfe", strings.Repeat("[", 100_000),
	} {
		d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
		h.guard = containers.Guard{} // each list is the host's first
		_, err := h.List(context.Background())
		require.Equal(t, apperr.Unavailable, apperr.KindOf(err), "%.60s", body)
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err), "%.60s", body)
	}
}

func TestNamelessContainerIsShownByItsShortID(t *testing.T) {
	t.Parallel()
	d, h := setup(t)
	id := strings.Repeat("ab", 32)
	for _, names := range []string{`[]`, `null`, `[""]`, `["/"]`, `["/x/y"]`} {
		d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, `[{"Id":%q,"Names":%s}]`, id, names)
		})
		list, err := h.List(context.Background())
		require.NoError(t, err)
		require.Equal(t, id[:12], list.Containers[0].Name)
	}
}

func TestEndlessListIsCutAndCostsLittleMemory(t *testing.T) {
	row := fmt.Sprintf(`{"Id":%q,"Names":["/x"],"Junk":%q},`, strings.Repeat("a", 64), strings.Repeat("j", 64<<10))
	for name, chunk := range map[string]string{"rows": row, "one value": strings.Repeat("x", 64<<10), "one label": `"k":"v",`} {
		d := dockertest.NewDaemon(t) // one for each case: a host whose list failed isn't asked again at once
		h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr(), Timeouts: Timeouts{Ping: time.Minute, Read: time.Minute}})
		cut := make(chan bool, 10)
		d.Handle("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
			switch name {
			case "one value":
				_, _ = w.Write([]byte(`[{"Id":"`))
			case "one label":
				_, _ = w.Write([]byte(`[{"Labels":{`))
			default:
				_, _ = w.Write([]byte("["))
			}
			for sent := 0; sent < 2<<30; sent += len(chunk) {
				if _, err := w.Write([]byte(chunk)); err != nil {
					cut <- true
					return
				}
			}
			cut <- false
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := h.List(context.Background())
		runtime.ReadMemStats(&after)
		require.Contains(t, []connect.FaultKind{connect.FaultProtocol, connect.FaultTimeout}, connect.FaultOf(err), "%s: %v", name, err)
		select {
		case early := <-cut:
			require.True(t, early, "%s: the connection is closed before the end", name)
		case <-time.After(time.Minute):
			require.Fail(t, "the daemon goes on sending", name)
		}
		require.Less(t, int64(after.HeapSys)-int64(before.HeapSys), int64(100<<20), name)
	}
}

// endlessList answers with an endless list, whose rows have a large field that wharf doesn't keep.
func endlessList(written *atomic.Int64) http.HandlerFunc {
	row := []byte(fmt.Sprintf(`{"Id":%q,"HostConfig":{"x":%q}},`, strings.Repeat("a", 64), strings.Repeat("x", 64<<10)))
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("["))
		for {
			n, err := w.Write(row)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}
}

func TestEndlessListIsReadOnceAndNotFar(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	h := hostOf(t, HostConfig{Name: "fake", Addr: d.Addr(), Timeouts: Timeouts{Ping: time.Minute, Read: time.Minute}})
	d.Add(dockertest.Container{})
	_, err := h.List(context.Background())
	require.NoError(t, err)
	require.Less(t, h.guard.Limit(), int64(5<<20), "four times as much, or room for some thousand containers")

	var written atomic.Int64
	d.Handle("GET /containers/json", endlessList(&written))
	began := time.Now()
	for range 1000 {
		h.lists.drop()
		_, err = h.List(context.Background())
		require.Equal(t, connect.FaultProtocol, connect.FaultOf(err))
	}
	most := 3 + int(time.Since(began)/(500*time.Millisecond))
	require.LessOrEqual(t, d.Count("/containers/json"), most)
	require.Less(t, written.Load(), int64(most)*(24<<20), "what is read, and what the connection's buffers hold")
}
