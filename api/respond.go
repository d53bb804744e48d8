package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wharf/api/dockerapi"
	"wharf/api/dto"
	"wharf/api/edge"
	"wharf/api/idempotency"
	"wharf/api/stream"
	"wharf/service"
	"wharf/util/apperr"
)

// statuses maps each kind of failure to its HTTP status. No other code chooses the status of a failure.
var statuses = map[apperr.Kind]int{
	apperr.Internal:        http.StatusInternalServerError,
	apperr.Invalid:         http.StatusBadRequest,
	apperr.Unauthorized:    http.StatusUnauthorized,
	apperr.Forbidden:       http.StatusForbidden,
	apperr.NotFound:        http.StatusNotFound,
	apperr.Conflict:        http.StatusConflict,
	apperr.TooLarge:        http.StatusRequestEntityTooLarge,
	apperr.UnsupportedType: http.StatusUnsupportedMediaType,
	apperr.TooMany:         http.StatusTooManyRequests,
	apperr.Unavailable:     http.StatusInternalServerError,
	apperr.Daemon:          http.StatusInternalServerError,
	apperr.NotReady:        http.StatusServiceUnavailable,
	apperr.NotAcceptable:   http.StatusNotAcceptable,
	apperr.Unprocessable:   http.StatusUnprocessableEntity,
	apperr.Away:            http.StatusServiceUnavailable,
}

// success is the contract's envelope around an answer.
type success struct {
	Success bool `json:"success"`
	Data    any  `json:"data"`
}

// encodeData renders v inside the success envelope.
func encodeData(v any) []byte { return stream.Encode(success{Success: true, Data: v}) }

// respondData answers 200 with v inside the envelope.
func respondData(w http.ResponseWriter, v any) error {
	return respondBody(w, http.StatusOK, encodeData(v))
}

// respondBare answers 200 with v, without the envelope.
func respondBare(w http.ResponseWriter, v any) error {
	return respondBody(w, http.StatusOK, stream.Encode(v))
}

// respondBody answers with encoded JSON. It always returns nil: if the write fails, the client is gone.
func respondBody(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// once answers with status and the result of do. If the same user has sent the same Idempotency-Key before, it replays the
// earlier answer, provided that authorize still allows the request. Errors: those of readBody, idempotency.CheckKey and Store.Do.
func (s *Server) once(w http.ResponseWriter, r *http.Request, actor service.Actor, status int, authorize func() error, do func() ([]byte, error)) error {
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		body, err := do()
		if err != nil {
			return err
		}
		return respondBody(w, status, body)
	}
	if err := idempotency.CheckKey(key); err != nil {
		return err
	}
	sent, err := readBody(w, r)
	if err != nil {
		return err
	}
	caller := actor.UserID.String()
	if actor.Anonymous {
		caller = "anonymous at " + edge.InfoOf(r).Client
	}
	q := idempotency.Request{Caller: caller, Key: key, Call: r.Method + " " + r.URL.RequestURI(), Body: sent}
	answer, err := s.answers.Do(r.Context(), q, authorize, do)
	switch {
	case err != nil:
		return err
	case answer.Replayed:
		w.Header().Set("Idempotent-Replayed", "true")
	case answer.Unsaved != nil:
		edge.InfoOf(r).Err = answer.Unsaved // only logged: the request took effect
	}
	return respondBody(w, status, answer.Body)
}

// errDatabaseAway is the answer to callers below /v1 while the database doesn't respond. The contract's endpoints don't have
// this status and answer 500.
var errDatabaseAway = apperr.New(apperr.Away, "the database can't be reached: try again")

// respondError answers with the part of err that the caller may see. The log line gets the whole error.
func respondError(w http.ResponseWriter, r *http.Request, err error) {
	respondFailure(w, r, err, func(message string) any { return dto.Failure{Message: message} })
}

// respondFailure is respondError with a given shape of the answer's body.
func respondFailure(w http.ResponseWriter, r *http.Request, err error, shape func(message string) any) {
	status, message := http.StatusInternalServerError, "internal server error"
	e, ok := apperr.As(err)
	if !ok && errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil {
		e, ok = errDatabaseAway, true // hosts classify their own deadlines, so this one is the database's
	}
	contract := !strings.HasPrefix(r.URL.Path, "/v1/") && !strings.HasPrefix(r.URL.Path, dockerapi.Prefix)
	if ok && e.Kind != apperr.Internal && (e.Kind != apperr.Away || !contract) {
		status, message = statuses[e.Kind], e.Msg
		if e.RetryAfter > 0 || e.Kind == apperr.TooMany { // 1 s if the error has no better value
			seconds := max(1, int64((e.RetryAfter+time.Second-1)/time.Second))
			w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
		}
	}
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="wharf"`)
	}
	edge.InfoOf(r).Err = err
	_ = respondBody(w, status, stream.Encode(shape(message)))
}
