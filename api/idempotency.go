package api

import (
	"net/http"
	"regexp"
	"sync"
	"time"

	"wharf/service"
	"wharf/util/apperr"
)

// maxKeys bounds how many answers are remembered; past it keys are refused rather than forgotten.
const maxKeys = 10_000

// keyLife is how long an answer is remembered.
const keyLife = 10 * time.Minute

var idempotencyKey = regexp.MustCompile(`^[!-~]{1,128}$`)

// onceKeys remembers what was answered to requests that carried an Idempotency-Key, for this
// process alone. Only successes are kept: what failed may be tried again.
type onceKeys struct {
	mu      sync.Mutex
	answers map[string]*onceAnswer
}

type onceAnswer struct {
	request string        // method and URL: the same key with another request is an error
	done    chan struct{} // closed when body is set or the try has failed
	body    []byte        // nil: failed
	expires time.Time     // zero while under way
}

// once runs do, or gives the answer that the same caller got for the same Idempotency-Key. Two
// at the same time share one run.
func (s *Server) once(w http.ResponseWriter, r *http.Request, actor service.Actor, do func() ([]byte, error)) error {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case key == "":
		return respondResult(w, do)
	case !idempotencyKey.MatchString(key):
		return apperr.New(apperr.Invalid, "Idempotency-Key: expected 1 to 128 printable characters without spaces")
	}
	mine := &onceAnswer{request: r.Method + " " + r.URL.RequestURI(), done: make(chan struct{})}
	name := actor.UserID.String() + " " + key
	first, err := s.keys.claim(name, mine)
	switch {
	case err != nil:
		return err
	case first.request != mine.request:
		return apperr.New(apperr.Conflict, "Idempotency-Key: used for another request before")
	case first != mine:
		select {
		case <-first.done:
		case <-r.Context().Done():
			return r.Context().Err()
		}
		if first.body == nil {
			return apperr.New(apperr.Conflict, "Idempotency-Key: the first request with it failed just now; try again")
		}
		w.Header().Set("Idempotent-Replayed", "true")
		return respondBody(w, http.StatusOK, first.body)
	}
	defer func() { s.keys.settle(name, mine) }()
	mine.body, err = do()
	if err != nil {
		return err
	}
	return respondBody(w, http.StatusOK, mine.body)
}

func respondResult(w http.ResponseWriter, do func() ([]byte, error)) error {
	body, err := do()
	if err != nil {
		return err
	}
	return respondBody(w, http.StatusOK, body)
}

// claim returns the answer that has the name already, else makes mine the one.
func (k *onceKeys) claim(name string, mine *onceAnswer) (*onceAnswer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for n, a := range k.answers {
		if !a.expires.IsZero() && now.After(a.expires) {
			delete(k.answers, n)
		}
	}
	if first, ok := k.answers[name]; ok {
		return first, nil
	}
	if len(k.answers) >= maxKeys {
		return nil, &apperr.Error{Kind: apperr.TooMany, Msg: "Idempotency-Key: too many keys are remembered", RetryAfter: time.Minute}
	}
	if k.answers == nil {
		k.answers = map[string]*onceAnswer{}
	}
	k.answers[name] = mine
	return mine, nil
}

// settle ends a run: its answer is kept for keyLife, a failure at once forgotten.
func (k *onceKeys) settle(name string, mine *onceAnswer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if mine.body == nil {
		delete(k.answers, name)
	}
	mine.expires = time.Now().Add(keyLife)
	close(mine.done)
}
