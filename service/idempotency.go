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
	// answersOfCaller is how many requests with a key one caller has remembered, so that none fills the database.
	answersOfCaller = 500
	// answersKept is how long they are.
	answersKept = 10 * time.Minute
	// runningFor is how long a request counts as under way after its server last said so.
	runningFor = 15 * time.Second
	// lookAgain is how often a request that another server has under way is looked at.
	lookAgain = 100 * time.Millisecond
)

// IdempotentRequests are the requests with an Idempotency-Key, and what was answered to them, on all replicas and over
// restarts. Run must be running.
type IdempotentRequests struct{ db *db.DB }

// NewIdempotentRequests returns the requests of a database.
func NewIdempotentRequests(d *db.DB) *IdempotentRequests { return &IdempotentRequests{db: d} }

// IdempotentRequest is one of them.
type IdempotentRequest struct {
	Caller, Key string
	Request     string // method and URL
	Sent        string // the body's hash
}

// KeyState says what has become of a key.
type KeyState int

// The states of keys.
const (
	KeyOurs    KeyState = iota // the caller runs the request, and must end it
	KeyUsed                    // it has an answer
	KeyFull                    // the caller of the request has too many
	KeyCutOff                  // its server ended meanwhile: whether the request took effect isn't known
	KeyRunning                 // another server has it under way
)

// FirstRequest is what a key was used for first.
type FirstRequest struct {
	State         KeyState
	Request, Sent string
	Answer        []byte // with KeyUsed
}

// Claim takes a key for a request, with one statement, or says what has it, after waiting for a request that is under way
// elsewhere. Errors: the database's, ctx's.
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
		case <-time.After(lookAgain):
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
		return FirstRequest{State: KeyFull}, nil // or it has just failed elsewhere: as good a reason to try again later
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

// Hold says again and again that a request is under way, until the returned function is called.
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

// End keeps a request's answer, or with nil forgets the request: what failed may be tried again. It is written though the
// caller has gone.
func (s *IdempotentRequests) End(ctx context.Context, r IdempotentRequest, answer []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
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
