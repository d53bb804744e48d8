package service

import (
	"sync/atomic"

	"wharf/util/apperr"
)

// LoginResults counts the logins since the start of the process.
type LoginResults struct {
	OK      uint64
	Refused uint64 // a wrong password or name, or a disabled user
	Limited uint64 // after too many failures
	Failed  uint64 // an error of wharf or its database
}

// loginCounts are the counters behind LoginResults.
type loginCounts struct{ ok, refused, limited, failed atomic.Uint64 }

func (c *loginCounts) add(err error) {
	switch {
	case err == nil:
		c.ok.Add(1)
	case apperr.KindOf(err) == apperr.Unauthorized:
		c.refused.Add(1)
	case apperr.KindOf(err) == apperr.TooMany:
		c.limited.Add(1)
	default:
		c.failed.Add(1)
	}
}

// LoginResults returns the counts of logins by result.
func (s *Sessions) LoginResults() LoginResults {
	c := &s.logins
	return LoginResults{OK: c.ok.Load(), Refused: c.refused.Load(), Limited: c.limited.Load(), Failed: c.failed.Load()}
}
