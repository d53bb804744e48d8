package edge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
	"github.com/rs/zerolog"
)

// Options is what an Edge is made of.
type Options struct {
	Logger zerolog.Logger
	// Fail answers an error to a request that no route has answered. It sets Info.Err. Required.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	// Count is called with each request that was answered at once, neither by a stream nor by a WebSocket: with the pattern of
	// its route, "" for none. Required.
	Count func(route, method string, status int, took time.Duration)

	// Open says that callers need no token: foreign reads and names of the server that aren't known are refused then.
	Open bool
	// AllowedHosts are the Host headers accepted in open mode besides loopback.
	AllowedHosts []string
	// Origins are the web pages of other origins that may call.
	Origins []string
	// TrustedProxies are the peers whose X-Forwarded-* headers count.
	TrustedProxies []netip.Prefix
	// BodyTime is how long a caller may take to send a body, StallTime how long it may take none of an answer.
	// Default 10 s each.
	BodyTime, StallTime time.Duration
}

// Edge is what requests pass. Make it with New.
type Edge struct {
	o      Options
	unread unreadAnswers
}

// New returns an Edge.
func New(o Options) *Edge {
	o.BodyTime, o.StallTime = cmp.Or(o.BodyTime, 10*time.Second), cmp.Or(o.StallTime, 10*time.Second)
	return &Edge{o: o}
}

// Wrap returns what lets requests through to next.
func (e *Edge) Wrap(next http.Handler) http.Handler { return e.observe(headers(e.checkOrigin(next))) }

// observe gives a request its id, logs one line when it ends and turns a panic into a 500.
func (e *Edge) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &Info{
			ID: r.Header.Get("X-Request-Id"), Client: e.clientAddr(r),
			start: time.Now(), method: r.Method, routes: chi.NewRouteContext(),
		}
		if !saneRequestID.MatchString(info.ID) {
			info.ID = uuid.NewString()
		}
		w.Header().Set("X-Request-Id", info.ID)
		rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w), stall: e.o.StallTime, unread: &e.unread}
		if r.ProtoMajor == 1 { // HTTP/2 would reset the stream of a call that takes longer before it answers
			rec.progress()
		}
		if r.Body != http.NoBody { // a body that never ends would hold up even an answer that doesn't need it
			_ = rec.control.SetReadDeadline(time.Now().Add(e.o.BodyTime))
		}
		ctx := context.WithValue(r.Context(), infoKey{}, info)
		r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, info.routes))
		defer func() {
			if p := recover(); p != nil {
				e.panicked(rec, r, p)
			}
			if !info.detached { // else it is another goroutine's by now
				if r.ProtoMajor == 2 {
					rec.finish()
				}
				info.gone = rec.bytes == 0 && r.Context().Err() != nil || errors.Is(info.Err, context.Canceled)
				e.count(info, rec.Status())
				e.Log(info, rec.Status(), rec.bytes)
			}
		}()
		next.ServeHTTP(rec, r)
		// A connection whose next requests have come already would keep its processor for 10 ms: some hundred of them, and
		// everybody else waits for seconds.
		runtime.Gosched()
	})
}

// panicked answers 500 where nothing was answered yet; a half-sent answer is cut off.
func (e *Edge) panicked(w *recorder, r *http.Request, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the sentinel is compared as net/http does
		panic(p)
	}
	err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	if w.status == 0 {
		e.o.Fail(w, r, err)
		return
	}
	InfoOf(r).Err = err
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now())
}

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
