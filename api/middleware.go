package api

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"wharf/api/stream"
	"wharf/util/apperr"
)

// requestInfo is what the log line of a request says besides its outcome.
type requestInfo struct {
	id     string
	client string // address of the caller, behind trusted proxies its real one
	user   string
	err    error

	start  time.Time
	method string
	route  string       // once release was called
	routes *chi.Context // whose pattern is the route
	// gone reports whether the client hung up before it had its answer.
	gone bool
	// later is set by an answer that outlives its handler, and logs its line itself.
	later bool
	// items is how many a stream has sent; nil for other answers.
	items *int64
}

// pattern is the route's.
func (i *requestInfo) pattern() string {
	if i.routes == nil {
		return i.route
	}
	return i.routes.RoutePattern()
}

// release drops what the info holds of its request: the info of a stream outlives it. The route must have been found.
func (i *requestInfo) release() {
	i.route, i.routes = i.pattern(), nil
	i.method, i.id = strings.Clone(i.method), strings.Clone(i.id)
}

type infoKey struct{}

// infoOf returns the request's info; a request that no middleware saw has an empty one.
func infoOf(r *http.Request) *requestInfo {
	if info, ok := r.Context().Value(infoKey{}).(*requestInfo); ok {
		return info
	}
	return &requestInfo{}
}

var saneRequestID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// observe gives a request its id, logs one line when it ends and turns a panic into a 500.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &requestInfo{
			id: r.Header.Get("X-Request-Id"), client: s.clientAddr(r),
			start: time.Now(), method: r.Method, routes: chi.NewRouteContext(),
		}
		if !saneRequestID.MatchString(info.id) {
			info.id = uuid.NewString()
		}
		w.Header().Set("X-Request-Id", info.id)
		rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: s.stall, unread: &s.unread}
		if r.ProtoMajor == 1 { // HTTP/2 would reset the stream of a call that takes longer before it answers
			rec.progress()
		}
		if r.Body != http.NoBody { // a body that never ends would hold up even an answer that doesn't need it
			_ = rec.control.SetReadDeadline(time.Now().Add(s.bodyTime))
		}
		ctx := context.WithValue(r.Context(), infoKey{}, info)
		r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, info.routes))
		defer func() {
			if p := recover(); p != nil {
				s.panicked(rec, r, p)
			}
			if !info.later { // else it is another goroutine's by now
				if r.ProtoMajor == 2 {
					rec.finish()
				}
				info.gone = rec.bytes == 0 && r.Context().Err() != nil || errors.Is(info.err, context.Canceled)
				s.countRequest(info, rec.Status())
				s.logRequest(info, rec.Status(), rec.bytes)
			}
		}()
		next.ServeHTTP(rec, r)
		// A connection whose next requests have come already would keep its processor for 10 ms: some hundred of them, and
		// everybody else waits for seconds.
		runtime.Gosched()
	})
}

// panicked answers 500 where nothing was answered yet; a half-sent answer is cut off.
func (s *Server) panicked(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared as net/http does
		panic(p)
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status == 0 {
		failureOf(r)(w, r, err)
		return
	}
	infoOf(r).err = err
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now())
}

// logRequest writes the one line of a request.
func (s *Server) logRequest(info *requestInfo, status int, bytes int64) {
	level := zerolog.InfoLevel
	if info.gone {
		status = statusClientGone
	}
	if crash := (*stream.PanicError)(nil); status >= http.StatusInternalServerError || errors.As(info.err, &crash) {
		level = zerolog.ErrorLevel
	}
	line := s.log.WithLevel(level).
		Str("request_id", info.id).Str("method", info.method).Str("route", info.pattern()).
		Int("status", status).Dur("duration_ms", time.Since(info.start)).Int64("bytes", bytes).
		Str("client", info.client)
	if info.items != nil {
		line = line.Int64("items", *info.items)
	}
	if info.user != "" {
		line = line.Str("user", info.user)
	}
	if info.err != nil {
		line = line.AnErr("error", info.err)
	}
	line.Msg("request")
}

// countRequest counts a request that was answered at once: neither a stream nor a WebSocket.
func (s *Server) countRequest(info *requestInfo, status int) {
	switch {
	case status == http.StatusSwitchingProtocols:
		return
	case info.gone:
		status = statusClientGone
	}
	s.counted.Request(info.pattern(), info.method, status, time.Since(info.start))
}

// statusClientGone is the log's status of a request whose client hung up: no answer of ours, and no failure.
const statusClientGone = 499

// headers sets what every answer carries.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// recorder remembers what was answered, for the log, and ends the connection, or the stream of HTTP/2, of a
// client that takes nothing.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration // how long a write may wait for the client
	unread  *unreadAnswers
	status  int
	bytes   int64
}

// maxWrite is how many bytes a client may take to be seen to make progress.
const maxWrite = 64 << 10

// progress gives the client its time anew. A server without deadlines, as in some tests, has none.
func (w *recorder) progress() { _ = w.control.SetWriteDeadline(time.Now().Add(w.stall)) }

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status is what was answered; a handler that wrote nothing, or took the connection over, answered 200.
func (w *recorder) Status() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// Hijack takes the connection over; what the log says of it is that.
func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := w.control.Hijack()
	if err == nil && w.status == 0 {
		w.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.progress()
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.writeAll(p)
	w.bytes += int64(n)
	return n, err
}

var errNoRoute = apperr.New(apperr.NotFound, "no such endpoint")
