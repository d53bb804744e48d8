package api

import (
	"net/http"
	"sync"

	"wharf/api/edge"
	"wharf/api/stream"
	"wharf/service"
)

// newStreams returns the kit that serves all long answers.
func (s *Server) newStreams(o Options) *stream.Kit {
	return stream.New(stream.Config{
		PerCaller: o.StreamsPerUser, Total: o.MaxStreams, StallTime: o.StallTime, HeartbeatTime: o.HeartbeatTime, Begin: s.beginStream,
	})
}

// EndStreams ends all open streams and all calls that are being forwarded to engines. It returns when they have ended, after a
// second at most.
func (s *Server) EndStreams() {
	var both sync.WaitGroup
	both.Go(s.streams.Close)
	both.Go(s.docker.Close)
	both.Wait()
}

// streamOptions ties a stream to its actor: it counts toward the user's limit, and ends with the session or when rights change.
func (s *Server) streamOptions(actor service.Actor, formats ...stream.Format) stream.Options {
	return stream.Options{
		Caller:  actor.UserID.String(), // the nil UUID for all anonymous callers
		OnEnd:   func(end func()) func() { return s.sessions.OnEnd(actor, end) },
		Formats: formats,
	}
}

// beginStream takes over the request's log line. ended writes it at the stream's end.
func (s *Server) beginStream(r *http.Request) (ended func(stream.Summary)) {
	info := edge.InfoOf(r)
	info.Detach()
	counted := s.counted.Stream(info.Route())
	return func(sum stream.Summary) {
		counted(sum.End)
		info.Err, info.Items = sum.Err, &sum.Items
		s.edge.Log(info, http.StatusOK, sum.Bytes)
	}
}
