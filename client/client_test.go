package client_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/api/dto"
	"wharf/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a server that answers with a handler, for what a real server won't do on demand.
func fake(t *testing.T, answer http.HandlerFunc, o client.Options) *client.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	o.Transport, o.Pause = transport, time.Millisecond
	return client.New(server.URL, o)
}

func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("X-Request-Id", "the-request")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(dto.Failure{Message: "no"})
}

// When the server refuses the token of many callers at once, one of them renews it, once.
func TestOneRenewalServesManyCallers(t *testing.T) {
	t.Parallel()
	const callers = 50
	var renewals atomic.Int64
	var refused sync.WaitGroup
	refused.Add(callers)
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/login":
			respond(w, dto.Login{AccessToken: "old", AccessTokenExpiresAt: time.Now().Add(time.Hour), RefreshToken: "refresh"})
		case r.URL.Path == "/token/renew_access":
			renewals.Add(1)
			respond(w, dto.Renewal{AccessToken: "new", AccessTokenExpiresAt: time.Now().Add(time.Hour)})
		case r.Header.Get("Authorization") == "Bearer new":
			_, _ = w.Write([]byte(`{"success":true,"data":[{"host":"a","addr":"unix:///a"}]}`))
		default:
			refused.Done()
			refused.Wait() // all of them have sent the old token
			refuse(w, http.StatusUnauthorized)
		}
	}, client.Options{Username: "gildong", Password: "123123"})
	require.NoError(t, c.SignIn(t.Context(), "gildong", "123123"))
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			hosts, err := c.ListHosts(t.Context())
			if err != nil || len(hosts) != 1 {
				t.Errorf("%v %v", hosts, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, renewals.Load())
}

func TestEndedSessionIsBegunAgain(t *testing.T) {
	t.Parallel()
	var logins atomic.Int64
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login": // the token expires at once
			logins.Add(1)
			respond(w, dto.Login{AccessToken: "token", AccessTokenExpiresAt: time.Now(), RefreshToken: "refresh"})
		case "/token/renew_access":
			refuse(w, http.StatusUnauthorized)
		default:
			_, _ = w.Write([]byte(`{"success":true,"data":[]}`))
		}
	}, client.Options{Username: "gildong", Password: "123123"})
	for range 3 {
		_, err := c.ListHosts(t.Context())
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, logins.Load())
}

func TestOnlyWhatIsSafeIsTriedAgain(t *testing.T) {
	t.Parallel()
	var tries atomic.Int64
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if tries.Add(1) < 3 {
			refuse(w, http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"success":true,"data":{"changed":true,"before":"exited","after":"running"}}`))
	}, client.Options{Token: "key"})
	_, err := c.WhoAmI(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, tries.Load())

	tries.Store(0)
	_, err = c.StartContainer(t.Context(), "h", "c", dto.WaitQuery{})
	var e *client.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, client.Error{Status: http.StatusServiceUnavailable, Message: "no", RequestID: "the-request"}, *e)
	require.EqualValues(t, 1, tries.Load())

	tries.Store(0)
	result, err := c.StartContainer(client.WithHeader(t.Context(), "Idempotency-Key", "k"), "h", "c", dto.WaitQuery{})
	require.NoError(t, err)
	require.True(t, result.Changed)
	require.EqualValues(t, 3, tries.Load())
}

func TestRequestsAreWrittenAsDeclared(t *testing.T) {
	t.Parallel()
	seconds := -1
	got := make(chan string, 1)
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Method + " " + r.URL.RequestURI()
		_, _ = w.Write([]byte(`{"success":true,"data":{}}`))
	}, client.Options{Token: "key"})
	_, err := c.StopContainer(t.Context(), "a/b", "c d", dto.StopQuery{
		Timeout: &seconds, WaitQuery: dto.WaitQuery{Wait: "exited", Limit: 90 * time.Second},
	})
	require.NoError(t, err)
	require.Equal(t, "POST /v1/hosts/a%2Fb/containers/c%20d/stop?limit=1m30s&timeout=-1&wait=exited", <-got)
	_, err = c.QueryEvents(t.Context(), dto.EventQuery{
		EventFilter: dto.EventFilter{Host: []string{"a", "b&c"}}, Since: time.Unix(0, 0), Unexpected: true,
	})
	require.NoError(t, err)
	require.Equal(t, "GET /v1/events?host=a&host=b%26c&since=1970-01-01T00%3A00%3A00Z&unexpected=true", <-got)
}

// A stream that breaks is resumed after its last event; one that is refused ends.
func TestStreamResumesUntilItIsRefused(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch asked.Add(1) {
		case 1:
			require.Empty(t, r.Header.Get("Last-Event-ID"))
			_, _ = w.Write([]byte("retry: 1000\n: wharf\n\nid: 7\nevent: container-event\ndata: {\"host\":\"a\",\"action\":\"start\"}\n\nid: 8\nevent: contai"))
		case 2:
			refuse(w, http.StatusBadGateway)
		case 3:
			require.Equal(t, "7", r.Header.Get("Last-Event-ID"), "what came in half doesn't count")
			_, _ = w.Write([]byte("id: 8\n\nevent: unknown\ndata: {}\n\nid: 9\nevent: stream-gap\ndata: {\"host\":\"a\"}\n\n"))
		default:
			require.Equal(t, "9", r.Header.Get("Last-Event-ID"))
			refuse(w, http.StatusForbidden)
		}
	}, client.Options{Token: "key"})
	var frames []client.Frame
	var last error
	for f, err := range c.StreamEvents(t.Context(), dto.StreamQuery{}) {
		if last = err; err == nil {
			frames = append(frames, f)
		}
	}
	require.Equal(t, []client.Frame{
		{ID: "7", Event: "container-event", Data: dto.ContainerEvent{Host: "a", Action: "start"}},
		{ID: "9", Event: "stream-gap", Data: dto.StreamGap{Host: "a"}},
	}, frames)
	var e *client.Error
	require.ErrorAs(t, last, &e)
	require.Equal(t, http.StatusForbidden, e.Status)
}

func TestStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := fake(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("id: 1\nevent: host-event\ndata: {\"host\":\"a\"}\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}, client.Options{Token: "key"})
	var last error
	for _, err := range c.StreamEvents(ctx, dto.StreamQuery{}) {
		cancel()
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
	for _, err := range c.StreamEvents(t.Context(), dto.StreamQuery{}) {
		require.NoError(t, err)
		break // stop reading: no goroutine may be left
	}
}
