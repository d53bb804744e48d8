package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"wharf/service"
	"wharf/util/apperr"
)

const (
	// maxAnswers bounds how many answers are remembered.
	maxAnswers = 10_000
	// maxAnswersOfCaller is how many of them one caller has, so that none fills the places of all.
	maxAnswersOfCaller = 500
	// answerLife is how long an answer is remembered.
	answerLife = 10 * time.Minute
)

var wellFormed = regexp.MustCompile(`^[!-~]{1,128}$`)

// CheckKey checks a key as it was sent. Errors: Invalid.
func CheckKey(key string) error {
	if !wellFormed.MatchString(key) {
		return apperr.New(apperr.Invalid, "Idempotency-Key: expected 1 to 128 printable characters without spaces")
	}
	return nil
}

// Store remembers what was answered to requests with a key. Make it with New.
type Store struct {
	requests *service.IdempotentRequests

	mu      sync.Mutex
	callers map[string]map[string]*run // by caller, then by key
	total   int
}

// New returns a Store. requests remembers answers for all replicas.
func New(requests *service.IdempotentRequests) *Store { return &Store{requests: requests} }

// Request is a request with a key.
type Request struct {
	Caller, Key string
	Call        string // method and URL
	Body        []byte
}

// Answer is what a request is answered with.
type Answer struct {
	Body []byte
	// Replayed says that an earlier request had the same answer.
	Replayed bool
	// Unsaved is why other replicas don't know of an answer, nil where they do: the request took effect all the same.
	Unsaved error
}

// run is what came of the first request with a key.
type run struct {
	call    string            // method and URL
	sent    [sha256.Size]byte // hash of the request's body
	done    chan struct{}     // closed when body is set or the try has failed
	body    []byte            // nil: failed
	expires time.Time         // zero while under way
}

// Do answers a request with what do returns, or with the answer that the same caller got for the same key, if authorize still
// allows the request. Errors: Conflict for a key of another call, Unprocessable for one of another body, TooMany, ctx's, the
// database's, those of authorize and do.
func (s *Store) Do(ctx context.Context, q Request, authorize func() error, do func() ([]byte, error)) (Answer, error) {
	mine := &run{call: q.Call, sent: sha256.Sum256(q.Body), done: make(chan struct{})}
	first, err := s.claim(q.Caller, q.Key, mine)
	if err != nil {
		return Answer{}, err
	}
	if first != mine {
		return replay(ctx, first, mine, authorize)
	}
	defer func() { s.finish(q.Caller, q.Key, mine) }()
	shared := service.IdempotentRequest{Caller: q.Caller, Key: q.Key, Request: mine.call, Sent: hex.EncodeToString(mine.sent[:])}
	earlier, err := s.requests.Claim(ctx, shared)
	if err != nil {
		return Answer{}, err
	}
	if earlier.State != service.KeyOurs {
		if earlier.State == service.KeyUsed && earlier.Request == shared.Request && earlier.Sent == shared.Sent {
			mine.body = earlier.Answer // for those that came here meanwhile
		}
		return replayShared(ctx, earlier, mine, authorize)
	}
	defer s.requests.Hold(ctx, shared)()
	body, err := do()
	if err != nil {
		return Answer{}, errors.Join(err, s.requests.End(ctx, shared, nil))
	}
	mine.body = body
	return Answer{Body: body, Unsaved: s.requests.End(ctx, shared, body)}, nil
}

// replayShared answers a request whose key another replica has, or this one had before a restart.
func replayShared(ctx context.Context, earlier service.FirstRequest, mine *run, authorize func() error) (Answer, error) {
	switch earlier.State {
	case service.KeyFull:
		return Answer{}, errTooManyKeys
	case service.KeyCutOff:
		return Answer{}, apperr.New(apperr.Conflict, "Idempotency-Key: the server that had the first request ended meanwhile: look whether it took effect, and use another key")
	default:
	}
	sent, err := hex.DecodeString(earlier.Sent)
	if err != nil || len(sent) != sha256.Size {
		return Answer{}, fmt.Errorf("idempotency key: hash of %d bytes: %w", len(sent), err)
	}
	first := &run{call: earlier.Request, sent: [sha256.Size]byte(sent), body: earlier.Answer, done: make(chan struct{})}
	close(first.done)
	return replay(ctx, first, mine, authorize)
}

var errTooManyKeys = &apperr.Error{Kind: apperr.TooMany, Msg: "Idempotency-Key: too many keys are remembered", RetryAfter: time.Minute}

// replay answers a request whose key has an answer, or soon will.
func replay(ctx context.Context, first, mine *run, authorize func() error) (Answer, error) {
	select {
	case <-first.done:
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	if err := authorize(); err != nil {
		return Answer{}, err
	}
	switch {
	case first.call != mine.call:
		return Answer{}, apperr.New(apperr.Conflict, "Idempotency-Key: used for another request before")
	case first.sent != mine.sent:
		return Answer{}, apperr.New(apperr.Unprocessable, "Idempotency-Key: used with another body before")
	case first.body == nil:
		return Answer{}, apperr.New(apperr.Conflict, "Idempotency-Key: the first request with it failed just now; try again")
	}
	return Answer{Body: first.body, Replayed: true}, nil
}

// claim returns the answer that the caller's key has already, else makes mine the one.
func (s *Store) claim(caller, key string, mine *run) (*run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.removeExpired(caller, now)
	if first, ok := s.callers[caller][key]; ok {
		return first, nil
	}
	if s.total >= maxAnswers {
		for other := range s.callers {
			s.removeExpired(other, now)
		}
	}
	if len(s.callers[caller]) >= maxAnswersOfCaller || s.total >= maxAnswers {
		return nil, errTooManyKeys
	}
	if s.callers == nil {
		s.callers = map[string]map[string]*run{}
	}
	if s.callers[caller] == nil {
		s.callers[caller] = map[string]*run{}
	}
	s.callers[caller][key] = mine
	s.total++
	return mine, nil
}

func (s *Store) removeExpired(caller string, now time.Time) {
	for key, a := range s.callers[caller] {
		if !a.expires.IsZero() && now.After(a.expires) {
			s.remove(caller, key)
		}
	}
}

func (s *Store) remove(caller, key string) {
	delete(s.callers[caller], key)
	if len(s.callers[caller]) == 0 {
		delete(s.callers, caller)
	}
	s.total--
}

// finish ends a run: its answer is kept for answerLife, a failure at once forgotten.
func (s *Store) finish(caller, key string, mine *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.body == nil {
		s.remove(caller, key)
	}
	mine.expires = time.Now().Add(answerLife)
	close(mine.done)
}
