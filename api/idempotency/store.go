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
	// maxAnswers bounds the number of stored answers.
	maxAnswers = 10_000
	// maxAnswersOfCaller bounds the stored answers of one caller, so that no caller can use up maxAnswers.
	maxAnswersOfCaller = 500
	// answerLife is how long an answer is kept.
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

// Store keeps the answers to requests with a key. Make it with New.
type Store struct {
	requests *service.IdempotentRequests

	mu      sync.Mutex
	callers map[string]map[string]*run // by caller, then by key
	total   int
}

// New returns a Store. requests keeps the answers for all replicas.
func New(requests *service.IdempotentRequests) *Store { return &Store{requests: requests} }

// Request is a request with a key.
type Request struct {
	Caller, Key string
	Call        string // method and URL
	Body        []byte
}

// Answer is the answer to a request.
type Answer struct {
	Body []byte
	// Replayed reports whether the answer is that of an earlier request.
	Replayed bool
	// Unsaved is the error of saving the answer for other replicas, nil if it was saved. The request took effect in either case.
	Unsaved error
}

// run is the first request with a key, and its result.
type run struct {
	call    string            // method and URL
	sent    [sha256.Size]byte // hash of the request's body
	done    chan struct{}     // closed when body is set or the request has failed
	body    []byte            // nil: failed
	expires time.Time         // zero while under way
}

// Do answers a request with the result of do, or with the answer that the same caller got for the same key, if authorize still
// allows the request. Errors: Conflict if the key was used for another call, Unprocessable if it was used with another body,
// TooMany, ctx's, the database's, those of authorize and do.
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
			mine.body = earlier.Answer // for requests with the same key that wait for this one
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

// replayShared answers a request whose key belongs to another replica, or to this one before its restart.
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

// replay answers a request whose key has an answer or will have one soon.
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

// claim returns the run that the caller's key has already, else it stores and returns mine.
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

// finish ends a run. Its answer is kept for answerLife; a failed run is removed at once.
func (s *Store) finish(caller, key string, mine *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.body == nil {
		s.remove(caller, key)
	}
	mine.expires = time.Now().Add(answerLife)
	close(mine.done)
}
