package dockertest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

// daemonUnderTest is a real or a fake daemon that emits events on demand.
type daemonUnderTest struct {
	get  func(ctx context.Context, query string) *http.Response
	emit func(n int) // emits an event that contains the number
}

// events reads until n numbered events have come or the stream ends, and returns them.
func (d daemonUnderTest) events(t *testing.T, query string, n int) []dockertest.Message {
	t.Helper()
	return d.eventsAfter(t, query, n, func() {})
}

// eventsAfter is events, but calls answering once the daemon has begun to answer.
func (d daemonUnderTest) eventsAfter(t *testing.T, query string, n int, answering func()) []dockertest.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	resp := d.get(ctx, query)
	defer resp.Body.Close()
	require.Equal(t, 200, resp.StatusCode)
	answering()
	var out []dockertest.Message
	for lines := bufio.NewScanner(resp.Body); len(out) < n && lines.Scan(); {
		var m dockertest.Message
		require.NoError(t, json.Unmarshal(lines.Bytes(), &m))
		require.Equal(t, m.Time, m.TimeNano/int64(time.Second))
		require.NotEmpty(t, m.Scope)
		if m.Type == "image" {
			out = append(out, m)
		}
	}
	return out
}

func stamp(nano int64) string {
	return fmt.Sprintf("%d.%09d", nano/int64(time.Second), nano%int64(time.Second))
}

// The fake daemon's events have all the properties of a real daemon's that the reader of events relies on.
func TestTheFakeDaemonsEventsBehaveLikeARealOnes(t *testing.T) {
	t.Parallel()
	daemons := map[string]func(*testing.T) daemonUnderTest{"fake": fakeDaemon, "real": realDaemon}
	for name, open := range daemons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			for n := range 300 {
				d.emit(n)
			}
			until := "&until=" + stamp(time.Now().UnixNano())
			all := d.events(t, "since=1"+until, 1000)
			require.Len(t, all, 256, "the ring holds 256")
			for i := 1; i < len(all); i++ {
				require.Less(t, all[i-1].TimeNano, all[i].TimeNano)
			}
			middle := all[100]
			from := d.events(t, "since="+stamp(middle.TimeNano)+until, 1000)
			require.Equal(t, middle, from[0], "since is inclusive, to the nanosecond")
			require.Len(t, from, 156)
			require.Equal(t, all[101], d.events(t, "since="+stamp(middle.TimeNano+1)+until, 1000)[0])
			require.Len(t, d.events(t, "since="+stamp(middle.TimeNano)+"&until="+stamp(all[110].TimeNano), 1000), 11, "until is inclusive")
			got := d.eventsAfter(t, "since="+stamp(all[255].TimeNano), 2, func() { d.emit(300) })
			require.Equal(t, all[255], got[0], "the replay and the live stream join")
			require.Greater(t, got[1].TimeNano, got[0].TimeNano)
			require.Empty(t, d.events(t, "since="+stamp(got[1].TimeNano+1)+"&until="+stamp(time.Now().UnixNano()), 1))
		})
	}
}

func fakeDaemon(t *testing.T) daemonUnderTest {
	f := dockertest.NewDaemon(t)
	return daemonUnderTest{
		get: func(ctx context.Context, query string) *http.Response {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http"+strings.TrimPrefix(f.Addr(), "tcp")+"/v1.41/events?"+query, nil)
			require.NoError(t, err)
			resp, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			return resp
		},
		emit: func(n int) {
			f.Emit(dockertest.NewMessage("image", "tag", "sha256:x", map[string]string{"name": fmt.Sprint("wharf-ring:", n)}))
		},
	}
}

func realDaemon(t *testing.T) daemonUnderTest {
	e := dockertest.NewOwnEngine(t)
	var tagged []string
	t.Cleanup(func() {
		for _, name := range tagged {
			_, _ = e.Client().ImageRemove(context.Background(), name, image.RemoveOptions{})
		}
	})
	return daemonUnderTest{
		get: func(ctx context.Context, query string) *http.Response {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/v1.41/events?"+query, nil)
			require.NoError(t, err)
			resp, err := e.Client().HTTPClient().Do(r)
			require.NoError(t, err)
			return resp
		},
		emit: func(n int) {
			name := fmt.Sprint("wharf-ring:", n)
			require.NoError(t, e.Client().ImageTag(t.Context(), dockertest.Image, name))
			tagged = append(tagged, name)
		},
	}
}
