package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

type auditTrail struct {
	Audit []struct {
		Action, Outcome string
		RequestID       string `json:"request_id"`
		ContainerID     string `json:"container_id"`
	}
	Cursor string
}

// Random actions on a real engine, some by callers that disconnect at once: each has one audit row with its outcome, and each end
// of a container is attributed.
func TestAuditAgreesWithTheEnginesOwnEvents(t *testing.T) {
	t.Parallel()
	actions := 40
	if os.Getenv("WHARF_TEST_LONG") != "" {
		actions = 500
	}
	e := dockertest.DefaultEngine(t)
	w := setup(t, engineHosts([]dockertest.Engine{e}))
	var ids []string
	for range 4 {
		ids = append(ids, e.Run(t, dockertest.Spec{Cmd: []string{"sleep"}}))
	}
	verbs := []string{"start", "stop?timeout=0", "restart?timeout=0", "pause", "unpause", "kill"}
	statuses := map[string]int{} // by request id; 0: the caller disconnected
	for i := range actions {
		id, verb := ids[rand.IntN(len(ids))], verbs[rand.IntN(len(verbs))]
		request := fmt.Sprintf("action-%d", i)
		statuses[request] = w.act(id, verb, request, i%5 == 0)
	}

	rows := map[string]string{}
	require.Eventually(t, func() bool { // a client that disconnected doesn't wait for the end
		rows = w.outcomes()
		pending := 0
		for request, status := range statuses {
			if rows[request] == "pending" || (rows[request] == "" && status != 0) {
				pending++
			}
		}
		return pending == 0
	}, time.Minute, 50*time.Millisecond)
	hungUp := 0
	for request, status := range statuses {
		switch status {
		case http.StatusOK:
			require.Equal(t, "ok", rows[request], request)
		case http.StatusConflict, http.StatusInternalServerError: // from the daemon, see act
			require.Equal(t, "failed", rows[request], request)
		case 0: // it may have disconnected before wharf had read the whole request
			hungUp++
			require.Contains(t, []string{"", "ok", "failed"}, rows[request], request)
		default:
			require.Fail(t, "unexpected status", "%s: %d", request, status)
		}
	}
	ends := 0
	for _, id := range ids {
		var l loggedEvents
		w.get("/v1/events?unexpected=true&type=container&limit=1000&container="+id).data(t, &l)
		require.Empty(t, l.Events, "every end was caused by an action")
		w.get("/v1/events?type=container&action=die&limit=1000&container="+id).data(t, &l)
		ends += len(l.Events)
	}
	t.Logf("seen: %d actions, %d rows, %d callers hung up, %d ends, all attributed", actions, len(rows), hungUp, ends)
}

// act requests an operation and returns the status, 0 if the caller disconnected.
func (w *fixture) act(id, verb, request string, hangUp bool) int {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/v1/hosts/default/containers/"+id+"/"+verb, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.admin)
	r.Header.Set("X-Request-Id", request)
	if hangUp {
		time.AfterFunc(time.Duration(rand.IntN(20))*time.Millisecond, cancel)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if errors.Is(err, context.Canceled) {
		return 0
	}
	require.NoError(w.t, err)
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusInternalServerError { // "cannot pause a stopped container", right after a kill
		body, err := io.ReadAll(resp.Body)
		require.NoError(w.t, err)
		require.Contains(w.t, string(body), "Error response from daemon: ")
	}
	return resp.StatusCode
}

// outcomes returns the outcome in the audit of each request that has an action. Two rows for one request fail the test.
func (w *fixture) outcomes() map[string]string {
	w.t.Helper()
	rows := map[string]string{}
	for cursor := ""; ; {
		var page auditTrail
		w.get("/v1/audit?limit=500&cursor="+cursor).data(w.t.(*testing.T), &page)
		for _, row := range page.Audit {
			if row.ContainerID == "" {
				continue
			}
			require.NotContains(w.t, rows, row.RequestID, "one row an action")
			rows[row.RequestID] = row.Outcome
		}
		if cursor = page.Cursor; cursor == "" {
			return rows
		}
	}
}
