package stream

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"wharf/util/apperr"
)

// Config holds the settings of all streams of a server. The zero value is ready for use.
type Config struct {
	// PerCaller and Total bound the open streams of one caller and of all callers. Default 32 and 10,000.
	PerCaller, Total int
	// StallTime is how long a write waits for a client that reads nothing. Default 10 s.
	StallTime time.Duration
	// HeartbeatTime is the time between two heartbeats of a stream. Default 15 s.
	HeartbeatTime time.Duration
	// Begin is called on the handler's goroutine when a stream begins. The function that it returns is called once, on any
	// goroutine, when the stream has ended: it writes the log line.
	Begin func(r *http.Request) (ended func(Summary))
}

// Summary describes a stream that has ended.
type Summary struct {
	Bytes int64 // sent, including headers and framing if the kit wrote them
	Items int64
	Err   error // the source's error, or a *PanicError; nil if nothing failed
	End   End
}

// Options are the settings of one stream.
type Options struct {
	// Caller identifies the caller for Config.PerCaller.
	Caller string
	// OnEnd registers end, to be called when the caller's session ends or its rights change. forget unregisters it. end
	// doesn't wait. If OnEnd is nil, end is never called.
	OnEnd func(end func()) (forget func())
	// Formats are the formats that the source can yield, the default one first. Default: SSE.
	Formats []Format
	// Buffer is how many bytes a Source may be ahead of its client before Send waits. Default 64 KiB. With 1 it is one item,
	// for sources whose next item replaces the last.
	Buffer int
	// KeepAlive sets the header Connection to keep-alive on HTTP/1.1, as the contract requires for its stream, which never
	// ends by itself. Without KeepAlive it is close: the connection ends with the answer.
	KeepAlive bool
}

// Kit serves the streams of one server. Make it with New, end it with Close.
type Kit struct {
	// Wrap, if it isn't nil, wraps the source of each stream. Tests set it, before the first stream, to make sources fail.
	Wrap func(r *http.Request, source Poller) Poller

	config   Config
	limit    limit
	registry registry
	ending   chan struct{} // closed by Close
	endOnce  sync.Once
}

// New returns a Kit. It has no goroutine before its first stream.
func New(c Config) *Kit {
	c.PerCaller, c.Total = cmp.Or(c.PerCaller, 32), cmp.Or(c.Total, 10_000)
	c.StallTime, c.HeartbeatTime = cmp.Or(c.StallTime, 10*time.Second), cmp.Or(c.HeartbeatTime, 15*time.Second)
	k := &Kit{config: c, ending: make(chan struct{})}
	k.limit.perCaller, k.limit.total = c.PerCaller, c.Total
	k.registry.every = c.HeartbeatTime
	return k
}

// Close ends all streams, including those that begin later, and returns when they have ended, after a second at most.
func (k *Kit) Close() {
	k.endOnce.Do(func() { close(k.ending) })
	select {
	case <-k.registry.drained():
	case <-time.After(time.Second):
	}
}

// Serve answers with the items of source. On HTTP/1.1 it returns as soon as the stream has begun, else at the stream's end. The
// source isn't called for a HEAD request, nor if Serve returns an error, which the handler has to answer. Errors: NotAcceptable,
// TooMany.
//
// Callers open what can fail with a status of its own before they call Serve. It must not depend on the request's context, which
// ends with the handler.
func (k *Kit) Serve(w http.ResponseWriter, r *http.Request, o Options, source Source) error {
	return k.ServeOpened(w, r, o, func() Source { return source })
}

// ServeOpened is Serve for a source that is opened before the answer begins, so that it misses nothing that happens after the
// client has the header. open isn't called when Serve wouldn't call the source.
func (k *Kit) ServeOpened(w http.ResponseWriter, r *http.Request, o Options, open func() Source) error {
	return k.ServePolled(w, r, o, func(f Format, notify func()) Poller {
		return newWriter(r.Context(), f, cmp.Or(o.Buffer, defaultBuffer), notify, open())
	})
}

// ServePolled is Serve for a source without a goroutine, which open returns. notify schedules a poll of it. notify doesn't wait,
// and may be called at once, at any time and by any goroutine.
func (k *Kit) ServePolled(w http.ResponseWriter, r *http.Request, o Options, open func(f Format, notify func()) Poller) error {
	formats := o.Formats
	if formats == nil {
		formats = []Format{SSE}
	}
	format, ok := choose(r, formats)
	if !ok {
		return notAcceptable(formats)
	}
	h := w.Header()
	if r.Method != http.MethodHead {
		leave, err := k.limit.enter(o.Caller)
		if err != nil {
			return err
		}
		setHeaders(h, format)
		k.begin(w, r, o, format, open, leave)
		return nil
	}
	setHeaders(h, format)
	w.WriteHeader(http.StatusOK)
	return nil
}

func setHeaders(h http.Header, f Format) {
	h.Set("Content-Type", f.contentType())
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer the stream
}

func notAcceptable(formats []Format) error {
	types := formats[0].Type()
	for _, f := range formats[1:] {
		types += ", " + f.Type()
	}
	return apperr.New(apperr.NotAcceptable, "this endpoint answers with %s", types)
}

// begin runs a stream that has its place in the limit. It calls leave at the stream's end.
func (k *Kit) begin(w http.ResponseWriter, r *http.Request, o Options, f Format, open func(Format, func()) Poller, leave func()) {
	s := &stream{format: f, stall: k.config.StallTime}
	s.notified.Store(1) // notify doesn't process the stream before it is served
	begun := false
	defer func() {
		if !begun {
			leave()
		}
	}()
	s.source = open(f, s.notify) // a panic here reaches the handler
	if k.Wrap != nil {
		s.source = k.Wrap(r, s.source)
	}
	begun = true
	ended, forget := func(Summary) {}, func() {}
	if k.config.Begin != nil {
		ended = k.config.Begin(r)
	}
	if o.OnEnd != nil {
		forget = o.OnEnd(s.close)
	}
	remove := k.registry.enter(s, k.ending)
	s.ended = func(err error) {
		end := s.endOf(err)
		s.pool.blocking(func() {
			s.out.close(err)
			if crash := guarded(func() error { s.source.Close(); return nil }); crash != nil {
				err, end = crash, EndFailed
			}
		})
		forget()
		leave()
		if errors.Is(err, errEnded) || errors.Is(err, errClient) {
			err = nil
		}
		ended(Summary{Bytes: s.out.bytes(), Items: s.items, Err: err, End: end})
		remove()
	}
	k.serve(w, r, s, o.KeepAlive)
}

// maxUnread is how many bytes of a request's body are discarded before its answer begins.
const maxUnread = 64 << 10

// serve takes over the connection if possible, else it answers through net/http.
func (k *Kit) serve(w http.ResponseWriter, r *http.Request, s *stream, keepAlive bool) {
	rc := http.NewResponseController(w)
	if r.ProtoMajor == 1 {
		if r.ContentLength != 0 { // closing a connection with unread bytes resets it: the client would lose the answer's end
			_, _ = io.CopyN(io.Discard, r.Body, maxUnread)
		}
		if conn, _, err := rc.Hijack(); err == nil {
			out := newConnSink(conn, r.ProtoMinor > 0)
			out.serve(s, responseHead(w.Header(), out.chunked, keepAlive), &k.registry)
			return
		}
	}
	out := &responseSink{w: w, rc: rc}
	s.out = out
	w.WriteHeader(http.StatusOK)
	gone := context.AfterFunc(r.Context(), s.hangUp)
	defer gone()
	finished := make(chan struct{})
	end := s.ended
	s.ended = func(err error) {
		end(err)
		close(finished)
	}
	err := out.flush(s.stall)
	if err == nil {
		err = s.writeText(s.format.greeting())
	}
	if err != nil {
		s.ended(err)
		return
	}
	s.pool = &k.registry.pool // a worker writes: writing here would grow the handler's stack
	s.pool.add(s)
	<-finished
}
