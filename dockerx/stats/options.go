package stats

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
)

// SourceKind says where readings come from (setting STATS_SOURCE).
type SourceKind string

// The kinds of sources.
const (
	// Auto reads the kernel's files where the engine runs on this machine, else asks the engine.
	Auto SourceKind = "auto"
	// FromEngine always asks the engine.
	FromEngine SourceKind = "engine"
	// FromKernel looks for the kernel's files however the engine is reached; a container that can't
	// be found there is asked for at the engine all the same.
	FromKernel SourceKind = "kernel"
)

// ParseSource reads STATS_SOURCE; "" is Auto.
func ParseSource(s string) (SourceKind, error) {
	switch k := SourceKind(s); k {
	case "":
		return Auto, nil
	case Auto, FromEngine, FromKernel:
		return k, nil
	}
	return "", fmt.Errorf("stats source %q: want auto, engine or kernel", s)
}

// Options of a sampler. The zero value means the defaults.
type Options struct {
	Source SourceKind    // Auto
	Idle   time.Duration // how long sampling goes on after the last question; 30 s, at least 3
	Budget float64       // CPU that the engine may spend on our sampling, in cores; 0.1
	// Samplers returns how many processes sample this host at the moment, this one included: they share the budget. It must
	// not block. Nil: it is the only one.
	Samplers func() int
	History  time.Duration // how far back points are kept; 15 min; negative: none
	// Socket is the path of the unix socket that the engine is reached by; "" for another way.
	Socket string
	Logger zerolog.Logger
}

// What a caller may count on.
const (
	minInterval = time.Second            // between rounds
	maxInterval = 15 * time.Second       // between rounds, whatever the budget says
	minGap      = 200 * time.Millisecond // between the two samples of a pair: a shorter gap reads a bursty 30 % as 9 ± 5
	maxGap      = 20 * time.Second       // between the two samples of a pair: a longer one shows the past
	answerIn    = 3 * time.Second        // the longest that a question waits
	maxAge      = 15 * time.Second       // the oldest sample that is shown as what is
	historyLen  = 15 * time.Minute
)

func (o Options) withDefaults() Options {
	if o.Source == "" {
		o.Source = Auto
	}
	if o.Idle <= 0 {
		o.Idle = 30 * time.Second
	}
	o.Idle = max(o.Idle, answerIn) // no caller waits longer than the sampling for it
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
