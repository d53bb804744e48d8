package main_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/api/dto"
	"wharf/client"
	"wharf/dockerx/dockertest"
)

// A client follows events across a restart of the server: it gets each event once, and renews its login automatically.
func TestClientFollowsEventsThroughARestart(t *testing.T) {
	t.Parallel()
	dir, d := t.TempDir(), dockertest.NewDaemon(t)
	env := []string{"DOCKER_HOSTS=web=" + d.Addr(), "ALLOW_PLAIN_TCP=true"}
	p := serve(t, dir, env...)
	p.awaitReady()
	require.NoError(t, p.signUp())

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := client.New(p.url, client.Options{Username: "gildong", Password: "123123"})
	seen := make(chan string, 1000)
	go func() {
		defer close(seen)
		for f, err := range c.StreamEvents(ctx, dto.StreamQuery{LastEventID: "0"}) {
			if err != nil && ctx.Err() == nil {
				t.Errorf("the stream ended: %v", err)
			}
			switch e := f.Data.(type) {
			case dto.ContainerEvent:
				seen <- e.ActorID
			case dto.HostEvent:
				seen <- e.Action
			}
		}
	}()
	await := func(want string) {
		t.Helper()
		for got := range seen {
			if got == want {
				return
			}
		}
		t.Fatalf("the stream ended before %s", want)
	}
	first, second := dockertest.NewID(), dockertest.NewID()
	await("connected")
	d.Emit(dockertest.NewMessage("container", "start", first, nil))
	await(first)
	p.stop(syscall.SIGTERM)

	again := serve(t, dir, append(env, "LISTEN_ADDR="+strings.TrimPrefix(p.url, "http://"))...)
	again.awaitReady()
	await("connected")
	d.Emit(dockertest.NewMessage("container", "start", second, nil))
	await(second)
	cancel()
	for got := range seen {
		require.NotContains(t, []string{first, second}, got, "each event comes once")
	}
}
