package stream

import "errors"

// End says in one word why a stream ended.
type End string

// The ends of streams.
const (
	EndComplete End = "complete" // the source had no more
	EndClosed   End = "closed"   // with the session, its rights or the server
	EndClient   End = "client"   // the client left
	EndSlow     End = "slow"     // the client took too little
	EndFailed   End = "failed"   // the source failed
)

// endOf says why a stream ended that ended with err.
func (s *stream) endOf(err error) End {
	switch {
	case s.slow:
		return EndSlow
	case errors.Is(err, errClient), errors.Is(err, errEnded) && s.gone.Load():
		return EndClient
	case !errors.Is(err, errEnded):
		return EndFailed
	case s.closed.Load():
		return EndClosed
	}
	return EndComplete
}
