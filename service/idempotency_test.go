package service

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/db"
	"wharf/db/dbtest"
	"wharf/db/sqlc"
)

// While one replica runs a request, another waits for it. The answer is available there and after a restart. After a failure
// the key is free.
func TestIdempotencyKeysHoldOnEveryReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one, two := NewIdempotentRequests(d), NewIdempotentRequests(d)
		r := IdempotentRequest{Caller: "u", Key: "k", Request: "POST /x", Sent: "00"}
		first, err := one.Claim(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, KeyOurs, first.State)
		running, err := two.claim(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, FirstRequest{State: KeyRunning, Request: "POST /x", Sent: "00"}, running)

		waited := make(chan FirstRequest)
		go func() {
			first, _ := two.Claim(t.Context(), r)
			waited <- first
		}()
		require.NoError(t, one.End(t.Context(), r, []byte(`{"a":1}`)))
		want := FirstRequest{State: KeyUsed, Request: "POST /x", Sent: "00", Answer: []byte(`{"a":1}`)}
		require.Equal(t, want, <-waited)
		again, err := NewIdempotentRequests(d).Claim(t.Context(), IdempotentRequest{Caller: "u", Key: "k", Request: "POST /y", Sent: "11"})
		require.NoError(t, err)
		require.Equal(t, want, again, "what it was used for decides")
		other, err := two.Claim(t.Context(), IdempotentRequest{Caller: "another", Key: "k", Request: "POST /x", Sent: "00"})
		require.NoError(t, err)
		require.Equal(t, KeyOurs, other.State, "each caller has keys of its own")
		require.NoError(t, two.End(t.Context(), IdempotentRequest{Caller: "another", Key: "k"}, nil))
		other, err = one.Claim(t.Context(), IdempotentRequest{Caller: "another", Key: "k", Request: "POST /z", Sent: "22"})
		require.NoError(t, err)
		require.Equal(t, KeyOurs, other.State, "a failure frees the key")
	})
}

// A request that was under way when its server died isn't run again automatically.
func TestIdempotencyKeyOfADeadReplica(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := NewIdempotentRequests(d)
		r := IdempotentRequest{Caller: "u", Key: "k", Request: "POST /x", Sent: "00"}
		_, err := s.Claim(t.Context(), r)
		require.NoError(t, err)
		past, later := db.Time(time.Now().Add(-time.Second)), db.Time(time.Now().Add(time.Minute))
		require.NoError(t, d.Queries().KeepRequest(t.Context(), sqlc.KeepRequestParams{Caller: "u", Key: "k", RunningUntil: past, ExpiresAt: later}))
		first, err := s.Claim(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, KeyCutOff, first.State)
		require.NoError(t, d.Queries().KeepRequest(t.Context(), sqlc.KeepRequestParams{Caller: "u", Key: "k", RunningUntil: past, ExpiresAt: past}))
		first, err = s.Claim(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, KeyOurs, first.State, "it has expired")
	})
}

func TestIdempotencyKeysOfACallerAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := NewIdempotentRequests(d)
		for n := range answersOfCaller + 1 {
			first, err := s.Claim(t.Context(), IdempotentRequest{Caller: "u", Key: fmt.Sprint(n)})
			require.NoError(t, err)
			require.Equal(t, n == answersOfCaller, first.State == KeyFull, n)
		}
		first, err := s.Claim(t.Context(), IdempotentRequest{Caller: "another", Key: "k"})
		require.NoError(t, err)
		require.Equal(t, KeyOurs, first.State)
	})
}
