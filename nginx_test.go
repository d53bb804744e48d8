package main_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/db/dbtest"
	"wharf/dockerx/dockertest"
	"wharf/scripts/nginxtest"
)

const (
	patience = time.Minute
	tick     = 20 * time.Millisecond
)

// TestThreeReplicasBehindNginx sets up what docs/deploy.md describes: three replicas on one Postgres behind Debian's nginx.
// Sessions, idempotency keys and limits work whichever replica answers. A client of the event stream misses nothing while
// the replicas are replaced one after another.
func TestThreeReplicasBehindNginx(t *testing.T) {
	t.Parallel()
	d := dockertest.NewDaemon(t)
	id := d.Add(dockertest.Container{Name: "web"})
	env := []string{
		"DB_SOURCE=" + dbtest.EmptyPostgresSource(t), "TOKEN_KEYS=k:" + rand.Text() + rand.Text(), "DOCKER_HOSTS=fake=" + d.Addr(),
		"ALLOW_PLAIN_TCP=true", "TRUSTED_PROXIES=127.0.0.1",
	}
	replicas, addrs := make([]*process, 3), make([]string, 3)
	for i := range replicas {
		replicas[i] = serve(t, t.TempDir(), env...)
		replicas[i].awaitReady()
		addrs[i] = strings.TrimPrefix(replicas[i].url, "http://")
	}
	n := nginxtest.Start(t, addrs...)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: n.Roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	as := func(token string) *client.Client {
		return client.New(n.URL, client.Options{Token: token, Transport: transport, Tries: 5})
	}

	// The token that the first replica printed is valid at every replica.
	token := setupToken(t, replicas[0])
	for _, p := range replicas {
		require.Equal(t, token, setupToken(t, p))
	}
	_, err := as("").CreateUser(client.WithHeader(t.Context(), "X-Setup-Token", token), dto.NewUser{
		Username: "gildong", Password: "123123", FullName: "YunGilDong", Email: "gildong@email.com",
	})
	require.NoError(t, err)
	login, err := as("").Login(t.Context(), dto.Credentials{Username: "gildong", Password: "123123"})
	require.NoError(t, err)
	for range 9 { // least_conn spreads them over the replicas
		_, err := as(login.AccessToken).ListContainers(t.Context(), "fake")
		require.NoError(t, err)
	}
	keyed := client.WithHeader(t.Context(), "Idempotency-Key", "once")
	for range 6 {
		result, err := as(login.AccessToken).StopContainer(keyed, "fake", id, dto.StopQuery{})
		require.NoError(t, err)
		require.True(t, result.Changed, "the first answer, from every replica")
	}
	require.Equal(t, 1, d.Count("/containers/"+id+"/stop"))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got := make(chan string, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for f, err := range as(login.AccessToken).StreamEvents(ctx, dto.StreamQuery{LastEventID: "0"}) {
			if err != nil {
				return
			}
			if e, ok := f.Data.(dto.ContainerEvent); ok && e.Attrs["n"] != "" {
				got <- e.Attrs["n"]
			}
		}
	}()
	emitted := 0
	emit := func() {
		for range 10 {
			d.Emit(dockertest.NewMessage("container", "exec_die", id, map[string]string{"name": "web", "n": fmt.Sprint(emitted)}))
			emitted++
		}
	}
	next := 0
	expect := func() {
		for ; next < emitted; next++ {
			select {
			case n := <-got:
				require.Equal(t, fmt.Sprint(next), n)
			case <-time.After(patience):
				require.Fail(t, "an event is missing", "%d", next)
			}
		}
	}
	emit()
	expect()
	for i := range 2 { // two of three stop, one after the other
		replicas[i].stop(syscall.SIGTERM)
		emit()
		expect()
		_, err := as(login.AccessToken).ListContainers(t.Context(), "fake")
		require.NoError(t, err, "nginx goes on to the next replica")
	}
	cancel()
	<-ended
}

// setupToken returns the setup token that a replica printed.
func setupToken(t *testing.T, p *process) string {
	t.Helper()
	_, rest, found := strings.Cut(p.logs.String(), `"setup_token":"`)
	require.True(t, found, "%s", p.logs)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}
