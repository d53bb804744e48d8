package api

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"wharf/api/edge"
	"wharf/service"
	"wharf/util/apperr"
)

const (
	// maxAnswers bounds how many answers are remembered; past it keys are refused rather than forgotten.
	maxAnswers = 10_000
	// maxAnswersOfUser is how many of them one user has, so that none fills the places of all.
	maxAnswersOfUser = 500
	// answerLife is how long an answer is remembered.
	answerLife = 10 * time.Minute
)

var idempotencyKey = regexp.MustCompile(`^[!-~]{1,128}$`)

// idempotencyStore remembers what was answered to requests that carried an Idempotency-Key, and lets requests at the same time
// share one run in this process; service.IdempotentRequests does so for all replicas. Only successes are kept: what failed may be
// tried again.
type idempotencyStore struct {
	mu    sync.Mutex
	users map[string]map[string]*storedAnswer // by user, then by key
	total int
}

type storedAnswer struct {
	request string            // method and URL
	sent    [sha256.Size]byte // hash of the request's body
	done    chan struct{}     // closed when body is set or the try has failed
	body    []byte            // nil: failed
	expires time.Time         // zero while under way
}

// once answers with status and what do returns, or gives the answer that the same user got for the same Idempotency-Key, if authorize
// still allows the request. Two at the same time share one run. Errors: Conflict for a key of another
// URL, Unprocessable for one of another body, TooMany, those of authorize and do.
func (s *Server) once(w http.ResponseWriter, r *http.Request, actor service.Actor, status int, authorize func() error, do func() ([]byte, error)) error {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case key == "":
		return respondResult(w, status, do)
	case !idempotencyKey.MatchString(key):
		return apperr.New(apperr.Invalid, "Idempotency-Key: expected 1 to 128 printable characters without spaces")
	}
	sent, err := readBody(w, r)
	if err != nil {
		return err
	}
	user := actor.UserID.String()
	if actor.Anonymous {
		user = "anonymous at " + edge.InfoOf(r).Client
	}
	mine := &storedAnswer{request: r.Method + " " + r.URL.RequestURI(), sent: sha256.Sum256(sent), done: make(chan struct{})}
	first, err := s.answers.claim(user, key, mine)
	if err != nil {
		return err
	}
	if first != mine {
		return replay(w, r, status, first, mine, authorize)
	}
	defer func() { s.answers.finish(user, key, mine) }()
	shared := service.IdempotentRequest{Caller: user, Key: key, Request: mine.request, Sent: hex.EncodeToString(mine.sent[:])}
	earlier, err := s.requests.Claim(r.Context(), shared)
	if err != nil {
		return err
	}
	if earlier.State != service.KeyOurs {
		if earlier.State == service.KeyUsed && earlier.Request == shared.Request && earlier.Sent == shared.Sent {
			mine.body = earlier.Answer // for those that came here meanwhile
		}
		return s.replayShared(w, r, status, earlier, mine, authorize)
	}
	defer s.requests.Hold(r.Context(), shared)()
	answer, err := do()
	if err != nil {
		return errors.Join(err, s.requests.End(r.Context(), shared, nil))
	}
	mine.body = answer
	if err := s.requests.End(r.Context(), shared, answer); err != nil {
		edge.InfoOf(r).Err = err // it was done, and says so: only another replica doesn't know
	}
	return respondBody(w, status, answer)
}

// replayShared answers a request whose key another replica has, or this one had before a restart.
func (s *Server) replayShared(w http.ResponseWriter, r *http.Request, status int, earlier service.FirstRequest, mine *storedAnswer, authorize func() error) error {
	switch earlier.State {
	case service.KeyFull:
		return errTooManyKeys
	case service.KeyCutOff:
		return apperr.New(apperr.Conflict, "Idempotency-Key: the server that had the first request ended meanwhile: look whether it took effect, and use another key")
	default:
	}
	sent, err := hex.DecodeString(earlier.Sent)
	if err != nil || len(sent) != sha256.Size {
		return fmt.Errorf("idempotency key: hash of %d bytes: %w", len(sent), err)
	}
	first := &storedAnswer{request: earlier.Request, sent: [sha256.Size]byte(sent), body: earlier.Answer, done: make(chan struct{})}
	close(first.done)
	return replay(w, r, status, first, mine, authorize)
}

var errTooManyKeys = &apperr.Error{Kind: apperr.TooMany, Msg: "Idempotency-Key: too many keys are remembered", RetryAfter: time.Minute}

// replay answers a request whose key has an answer, or soon will.
func replay(w http.ResponseWriter, r *http.Request, status int, first, mine *storedAnswer, authorize func() error) error {
	select {
	case <-first.done:
	case <-r.Context().Done():
		return r.Context().Err()
	}
	if err := authorize(); err != nil {
		return err
	}
	switch {
	case first.request != mine.request:
		return apperr.New(apperr.Conflict, "Idempotency-Key: used for another request before")
	case first.sent != mine.sent:
		return apperr.New(apperr.Unprocessable, "Idempotency-Key: used with another body before")
	case first.body == nil:
		return apperr.New(apperr.Conflict, "Idempotency-Key: the first request with it failed just now; try again")
	}
	w.Header().Set("Idempotent-Replayed", "true")
	return respondBody(w, status, first.body)
}

func respondResult(w http.ResponseWriter, status int, do func() ([]byte, error)) error {
	body, err := do()
	if err != nil {
		return err
	}
	return respondBody(w, status, body)
}

// claim returns the answer that the user's key has already, else makes mine the one.
func (s *idempotencyStore) claim(user, key string, mine *storedAnswer) (*storedAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.removeExpired(user, now)
	if first, ok := s.users[user][key]; ok {
		return first, nil
	}
	if s.total >= maxAnswers {
		for other := range s.users {
			s.removeExpired(other, now)
		}
	}
	if len(s.users[user]) >= maxAnswersOfUser || s.total >= maxAnswers {
		return nil, errTooManyKeys
	}
	if s.users == nil {
		s.users = map[string]map[string]*storedAnswer{}
	}
	if s.users[user] == nil {
		s.users[user] = map[string]*storedAnswer{}
	}
	s.users[user][key] = mine
	s.total++
	return mine, nil
}

func (s *idempotencyStore) removeExpired(user string, now time.Time) {
	for key, a := range s.users[user] {
		if !a.expires.IsZero() && now.After(a.expires) {
			s.remove(user, key)
		}
	}
}

func (s *idempotencyStore) remove(user, key string) {
	delete(s.users[user], key)
	if len(s.users[user]) == 0 {
		delete(s.users, user)
	}
	s.total--
}

// finish ends a run: its answer is kept for answerLife, a failure at once forgotten.
func (s *idempotencyStore) finish(user, key string, mine *storedAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if mine.body == nil {
		s.remove(user, key)
	}
	mine.expires = time.Now().Add(answerLife)
	close(mine.done)
}
