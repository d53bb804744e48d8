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

// Options configure an Edge.
type Options struct {
	Logger zerolog.Logger
	// Fail answers a request that no route has answered with an error. It sets Info.Err. Required.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
	// Count is called for each request except streams and WebSockets, with the pattern of its route, "" for none. Required.
	Count func(route, method string, status int, took time.Duration)

	// Open means that callers need no token. Then foreign reads and requests to unknown host names are rejected too.
	Open bool
	// AllowedHosts are the Host headers accepted in open mode, in addition to loopback names.
	AllowedHosts []string
	// Origins are the other origins whose web pages may call.
	Origins []string
	// TrustedProxies are the peers whose X-Forwarded-* headers are trusted.
	TrustedProxies []netip.Prefix
	// BodyTime is how long a caller may take to send a body. StallTime is how long a write waits for a client that reads
	// nothing. Default 10 s each.
	BodyTime, StallTime time.Duration
}

// Edge is the layer around the server's handlers. Make it with New.
type Edge struct {
	o      Options
	unread unreadAnswers
}

// New returns an Edge.
func New(o Options) *Edge {
	o.BodyTime, o.StallTime = cmp.Or(o.BodyTime, 10*time.Second), cmp.Or(o.StallTime, 10*time.Second)
	return &Edge{o: o}
}

// Wrap returns a handler that passes checked requests on to next.
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
		if r.ProtoMajor == 1 { // on HTTP/2 the deadline would reset the stream of a slow handler
			rec.progress()
		}
		if r.Body != http.NoBody { // a body that never ends would delay even an answer that doesn't need it
			_ = rec.control.SetReadDeadline(time.Now().Add(e.o.BodyTime))
		}
		ctx := context.WithValue(r.Context(), infoKey{}, info)
		r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, info.routes))
		defer func() {
			if p := recover(); p != nil {
				e.panicked(rec, r, p)
			}
			if !info.detached { // a detached Info belongs to another goroutine
				if r.ProtoMajor == 2 {
					rec.finish()
				}
				info.gone = rec.bytes == 0 && r.Context().Err() != nil || errors.Is(info.Err, context.Canceled)
				e.count(info, rec.Status())
				e.Log(info, rec.Status(), rec.bytes)
			}
		}()
		next.ServeHTTP(rec, r)
		// A connection with pipelined requests would keep its processor for 10 ms. With some hundred such connections all other
		// requests would wait for seconds.
		runtime.Gosched()
	})
}

// panicked answers 500 if nothing was sent yet; a partial answer is cut off.
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

// headers sets the headers of all answers.
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
