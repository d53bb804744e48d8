package stream

import "errors"

// End is the reason why a stream ended, in one word.
type End string

// The reasons why streams end.
const (
	EndComplete End = "complete" // the source had no more
	EndClosed   End = "closed"   // the session ended, its rights changed, or the server stopped
	EndClient   End = "client"   // the client left
	EndSlow     End = "slow"     // the client took too little
	EndFailed   End = "failed"   // the source failed
)

// endOf returns the reason for the end of a stream that ended with err.
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
