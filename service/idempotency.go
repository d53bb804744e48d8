package service

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wharf/db"
	"wharf/db/sqlc"
)

const (
	// answersOfCaller is how many requests are stored per caller, so that no caller fills the database.
	answersOfCaller = 500
	// answersKept is how long a request is stored.
	answersKept = 10 * time.Minute
	// runningFor is how long a request counts as under way after its server last renewed it.
	runningFor = 15 * time.Second
	// claimPoll is the interval between reads of a request that is under way on another server.
	claimPoll = 100 * time.Millisecond
)

// IdempotentRequests stores the requests with an Idempotency-Key and their answers, for all replicas and across restarts.
// Run must be running.
type IdempotentRequests struct{ db *db.DB }

// NewIdempotentRequests returns an IdempotentRequests on a migrated database.
func NewIdempotentRequests(d *db.DB) *IdempotentRequests { return &IdempotentRequests{db: d} }

// IdempotentRequest is a request with an Idempotency-Key.
type IdempotentRequest struct {
	Caller, Key string
	Request     string // method and URL
	Sent        string // the body's hash
}

// KeyState is the state of an idempotency key.
type KeyState int

// The states of keys.
const (
	KeyOurs    KeyState = iota // claimed: the caller of Claim runs the request, and must call End
	KeyUsed                    // the request has an answer
	KeyFull                    // the request's caller has too many stored requests
	KeyCutOff                  // the server ended during the request: whether it took effect is unknown
	KeyRunning                 // the request is under way elsewhere
)

// FirstRequest is the first request that used a key, and the key's state.
type FirstRequest struct {
	State         KeyState
	Request, Sent string
	Answer        []byte // with KeyUsed
}

// Claim claims a key for a request in one statement, or returns the request that has the key. It waits for a request that is
// under way elsewhere. Errors: the database's, ctx's.
func (s *IdempotentRequests) Claim(ctx context.Context, r IdempotentRequest) (FirstRequest, error) {
	for {
		first, err := s.claim(ctx, r)
		if err != nil {
			return first, fmt.Errorf("claim an idempotency key: %w", err)
		}
		if first.State != KeyRunning {
			return first, nil
		}
		select {
		case <-time.After(claimPoll):
		case <-ctx.Done():
			return first, ctx.Err()
		}
	}
}

func (s *IdempotentRequests) claim(ctx context.Context, r IdempotentRequest) (FirstRequest, error) {
	q, now := s.db.Queries(), db.Time(time.Now())
	n, err := q.ClaimRequest(ctx, sqlc.ClaimRequestParams{
		Caller: r.Caller, Key: r.Key, Request: r.Request, Sent: r.Sent, Now: now,
		RunningUntil: now.Add(runningFor), ExpiresAt: now.Add(answersKept), Most: answersOfCaller,
	})
	if err != nil || n == 1 {
		return FirstRequest{State: KeyOurs}, err
	}
	row, err := q.GetRequest(ctx, sqlc.GetRequestParams{Caller: r.Caller, Key: r.Key, Now: now})
	if db.IsNoRows(err) {
		return FirstRequest{State: KeyFull}, nil // or the request just failed elsewhere; the client may retry in both cases
	}
	if err != nil {
		return FirstRequest{}, err
	}
	first := FirstRequest{State: KeyRunning, Request: row.Request, Sent: row.Sent}
	switch {
	case row.Answer.Valid:
		first.State, first.Answer = KeyUsed, []byte(row.Answer.String)
	case row.RunningUntil.Before(now):
		first.State = KeyCutOff
	}
	return first, nil
}

// Hold renews a request as under way, every runningFor/3, until release is called.
func (s *IdempotentRequests) Hold(ctx context.Context, r IdempotentRequest) (release func()) {
	ctx, release = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		tick := time.NewTicker(runningFor / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				now := db.Time(time.Now())
				_ = s.db.Queries().KeepRequest(ctx, sqlc.KeepRequestParams{
					Caller: r.Caller, Key: r.Key, RunningUntil: now.Add(runningFor), ExpiresAt: now.Add(answersKept),
				})
			case <-ctx.Done():
				return
			}
		}
	}()
	return release
}

// End stores a request's answer. A nil answer deletes the request, so that a failed one can be retried. End writes even if
// ctx has ended. The error is the database's.
func (s *IdempotentRequests) End(ctx context.Context, r IdempotentRequest, answer []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalWriteTimeout)
	defer cancel()
	q := s.db.Queries()
	if answer == nil {
		return q.ForgetRequest(ctx, sqlc.ForgetRequestParams{Caller: r.Caller, Key: r.Key})
	}
	return q.AnswerRequest(ctx, sqlc.AnswerRequestParams{
		Caller: r.Caller, Key: r.Key, Answer: sql.NullString{String: string(answer), Valid: true}, ExpiresAt: db.Time(time.Now().Add(answersKept)),
	})
}

// Run deletes expired requests until ctx ends. It returns nil.
func (s *IdempotentRequests) Run(ctx context.Context) error {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		_, _ = s.db.Queries().DeleteExpiredRequests(ctx, db.Time(time.Now()))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
