package stats

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// SourceKind is where samples come from (setting STATS_SOURCE).
type SourceKind string

// The kinds of sources.
const (
	// Auto reads the kernel's files if the engine is reached by a unix socket; for containers that aren't found there it
	// asks the engine.
	Auto SourceKind = "auto"
	// FromEngine always asks the engine.
	FromEngine SourceKind = "engine"
	// FromKernel is like Auto, but tries the kernel's files with any kind of connection to the engine.
	FromKernel SourceKind = "kernel"
)

// ParseSource parses STATS_SOURCE; "" is Auto.
func ParseSource(s string) (SourceKind, error) {
	switch k := SourceKind(s); k {
	case "":
		return Auto, nil
	case Auto, FromEngine, FromKernel:
		return k, nil
	}
	return "", fmt.Errorf("stats source %q: want auto, engine or kernel", s)
}

// Options configures a Sampler. The zero value means the defaults.
type Options struct {
	Source SourceKind    // default Auto
	Idle   time.Duration // how long sampling continues after the last call; default 30 s, at least 3 s
	Budget float64       // CPU that the engine may spend on sampling, in cores; default 0.1
	// Samplers returns how many processes sample this host at the moment, including this one: they share the budget. It must
	// not block. Nil: only this process does.
	Samplers func() int
	History  time.Duration // how long points are kept; default 15 min; negative: not at all
	// Socket is the path of the engine's unix socket; "" for any other connection.
	Socket string
	Logger zerolog.Logger
}

// The timing of sampling, on which callers may rely.
const (
	minInterval = time.Second            // between rounds
	maxInterval = 15 * time.Second       // between rounds, even if that exceeds the budget
	minGap      = 200 * time.Millisecond // between the two samples of a pair: shorter gaps measure bursty loads far too low
	maxGap      = 20 * time.Second       // between the two samples of a pair: a longer gap shows past usage
	answerIn    = 3 * time.Second        // the longest that a call waits
	maxAge      = 15 * time.Second       // the oldest sample that is shown as current
	historyLen  = 15 * time.Minute
)

func (o Options) withDefaults() Options {
	if o.Source == "" {
		o.Source = Auto
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Second
	}
	o.Idle = max(o.Idle, answerIn) // sampling must last as long as a call waits for it
	if o.Budget <= 0 {
		o.Budget = 0.1
	}
	if o.Samplers == nil {
		o.Samplers = func() int { return 1 }
	}
	if o.History == 0 {
		o.History = historyLen
	}
	return o
}
