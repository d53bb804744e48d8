package api

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"strings"
	"sync"
	"time"

	"wharf/api/dto"
	"wharf/service"
)

// wantsStream tells whether the caller asks for events rather than for one answer.
func wantsStream(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/event-stream")
}

// usageFrames gives the data of a stream's frames, or why there are none for now.
type usageFrames func(ctx context.Context) iter.Seq2[[]byte, error]

func frames[T any](stream func(ctx context.Context) iter.Seq2[T, error], encode func(T) []byte) usageFrames {
	return func(ctx context.Context) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for v, err := range stream(ctx) {
				var data []byte
				if err == nil {
					data = encode(v)
				}
				if !yield(data, err) {
					return
				}
			}
		}
	}
}

// streamUsage sends each new sample as an event "stats", and as "stats-error" why there are none.
// It ends with the caller, its session or the server. Who takes long misses samples.
func (s *Server) streamUsage(w http.ResponseWriter, r *http.Request, actor service.Actor, frames usageFrames) error {
	if r.Method != http.MethodHead {
		release, err := s.enterStream(actor)
		if err != nil {
			return err
		}
		defer release()
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	s.streams.Add(1)
	defer s.streams.Done()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := &usageSink{w: w, rc: http.NewResponseController(w), cancel: cancel}
	var guard sync.WaitGroup
	defer guard.Wait()
	defer cancel()
	ended, forget := s.sessions.Ended(actor.SessionID)
	defer forget()
	guard.Go(func() { out.keep(ctx, ended, s.ending) })
	out.send(greeting)
	for data, err := range frames(ctx) {
		if err != nil {
			out.send("event: stats-error\ndata: ", encode(dto.Failure{Message: reason(err)}), "\n\n")
			continue
		}
		out.send("event: stats\ndata: ", data, "\n\n")
	}
	return nil
}

// usageSink writes frames and comments to one caller.
type usageSink struct {
	mu     sync.Mutex
	w      http.ResponseWriter
	rc     *http.ResponseController
	cancel func()
	buf    bytes.Buffer
}

// send writes its parts, strings and bytes, in one go. A caller who takes nothing is let go.
func (o *usageSink) send(parts ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Reset()
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			o.buf.WriteString(p)
		case []byte:
			o.buf.Write(p)
		}
	}
	_ = o.rc.SetWriteDeadline(time.Now().Add(stallLimit)) // HTTP/2 and test recorders may have none
	_, err := o.w.Write(o.buf.Bytes())
	if err == nil {
		err = o.rc.Flush()
	}
	if err != nil {
		o.cancel()
		return
	}
	_ = o.rc.SetWriteDeadline(time.Time{}) // HTTP/2 resets a stream whose deadline passes, though nothing waits
}

// keep sends a comment now and then, and ends the stream when its session or the server does.
func (o *usageSink) keep(ctx context.Context, ended, ending <-chan struct{}) {
	comments := time.NewTicker(commentEvery)
	defer comments.Stop()
	for {
		select {
		case <-comments.C:
			o.send(": \n\n")
		case <-ended:
			o.end()
			return
		case <-ending:
			o.end()
			return
		case <-ctx.Done():
			return
		}
	}
}

// end makes a write under way fail, too.
func (o *usageSink) end() {
	o.cancel()
	_ = o.rc.SetWriteDeadline(time.Unix(1, 0))
}
