package events

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/rs/zerolog"

	"wharf/dockerx/connect"
	"wharf/util/recentset"
)

// The timing of a host's event stream. It follows from measurements on real engines: each health check is three events, so
// that an engine's ring of 256 events may be overwritten within seconds.
const (
	firstRetry  = 50 * time.Millisecond
	maxRetry    = 5 * time.Second
	retryJitter = 0.2
	// steady is how long a stream must last for the next retry to be immediate again.
	steady = time.Second
	// proofTime is how long a silent stream may take to replay the anchor.
	proofTime = time.Second
	// reorder is the greatest distance, in the engine's time, of two events whose order differs between the engine's ring
	// and its stream: the engine timestamps, stores and publishes an event without a common lock.
	reorder = 10 * time.Millisecond
	// listDelay is how long events that a list already reflects may take to arrive.
	listDelay = 150 * time.Millisecond
	// history is how far back the first connection looks for an anchor.
	history = time.Hour
	// resumeTime is how long the first connection waits for the event log.
	resumeTime = 10 * time.Second

	pingEvery  = 5 * time.Second
	pingLimit  = 2 * time.Second
	pingMisses = 2
)

// The reasons of gaps and disconnections.
const (
	reasonNoAnchor    = "continuity not proved"
	reasonClockBack   = "daemon clock stepped back"
	reasonOverflow    = "reader overflow"
	reasonUnreadable  = "unreadable event"
	reasonLogAway     = "event log unavailable at start"
	reasonStreamEnded = "event stream ended"
	reasonMute        = "no answer to ping"
	reasonUnreachable = "unreachable"
	reasonLocal       = "no file descriptor left"
)

// GapReasons returns all reasons of gaps.
func GapReasons() []string {
	return []string{reasonNoAnchor, reasonClockBack, reasonOverflow, reasonUnreadable, reasonLogAway}
}

var errMute = errors.New("engine does not answer pings")

// Resume is the stored state from which a Reader resumes reading a host's events.
type Resume struct {
	// Anchor is the engine's last recorded event; nil if there is none.
	Anchor *Event
	// Recent holds the recorded events shortly before the anchor, in any order.
	Recent []Event
	// States holds the containers that should exist, by full id. Nil means unknown: the first list is then not compared with
	// anything.
	States map[string]ContainerState
	// Since is the time of the host's latest record of any kind; zero: none.
	Since time.Time
	// Connected: another Reader read the host until a moment ago, so that no "connected" is reported.
	Connected bool
}

// ContainerState is the state of one container according to the events so far.
type ContainerState struct {
	Name  string
	State string // created, running, paused, exited
}

// Source is the interface to an engine that a Reader uses. Zero times mean that the engine doesn't report its time. An error
// that is a connect.FaultLocal is wharf's own fault, not the engine's.
type Source interface {
	// OpenEvents opens the engine's event stream. It begins with the events in the engine's ring from since on (inclusive;
	// zero: none). The time returned is the engine's, truncated to the second. The Reader closes the stream.
	OpenEvents(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error)
	// Ping checks that the engine answers, and returns its time, truncated to the second.
	Ping(ctx context.Context) (time.Time, error)
	// ListContainers asks the engine for all containers, running or not.
	ListContainers(ctx context.Context) ([]Container, error)
}

// Container is one row of the engine's list.
type Container struct {
	ID     string // 64 hex digits
	Name   string // without '/'
	Image  string
	State  string            // one of Docker's states
	Labels map[string]string // may be shared; the Reader doesn't change it
}

// Options configures a Reader. Host, Source, Emit and Up are required.
type Options struct {
	Host   string // the host's name in events
	Source Source
	Emit   func(Event) // called with each event, in order; it must not block
	Up     func(bool)  // called with true when the stream opens and false when it closes; it must not block
	// Counted is called after the first list, when Reader.Containers begins to return counts. It must not block. May be nil.
	Counted func()
	// Resume returns the stored state of the host. Nil: reading begins now.
	Resume func(ctx context.Context) (Resume, error)
	// QueueBytes bounds the events that wait to be processed; zero: 64 MiB.
	QueueBytes int
	Logger     zerolog.Logger
}

// Reader reads one host's event stream. One goroutine copies events from the socket to memory, another processes them;
// neither waits for a consumer.
type Reader struct {
	opts Options

	anchor    *Event
	seen      *recentset.Set[int64]
	model     containerModel
	since     time.Time // without an anchor: no event after this engine time may be missed
	lost      time.Time // when the last stream ended, by wharf's clock
	skew      time.Duration
	resync    *gap // the gap for which a list must be compared; nil: none
	connected bool
	reported  bool // a KindHost event was emitted
}

// New returns a Reader. It does nothing before Run.
func New(o Options) *Reader { return &Reader{opts: o, seen: recentset.New[int64](seenMax)} }

// Run reads events until ctx ends, and returns ctx's error. It may be called only once.
func (r *Reader) Run(ctx context.Context) error {
	r.begin(ctx)
	for attempt := 0; ctx.Err() == nil; {
		started := time.Now()
		progress, err := r.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		switch {
		case time.Since(started) >= steady:
			attempt = 0
		case progress: // not 0: a stream that ends after each event must not be reopened in a busy loop
			attempt = min(attempt, 1)
		}
		r.opts.Logger.Debug().Err(err).Int("attempt", attempt).Msg("event stream ended")
		if attempt > 0 && !progress || errors.Is(err, errMute) { // a stream that the first retry reopens isn't reported
			r.disconnected(err)
		}
		if wait := retryDelay(attempt); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
		}
		attempt++
	}
	return ctx.Err()
}

// begin loads the stored state. If it is unavailable for resumeTime, reading starts from now, with a gap.
func (r *Reader) begin(ctx context.Context) {
	if r.opts.Resume == nil {
		return
	}
	deadline := time.Now().Add(resumeTime)
	for attempt := 0; ctx.Err() == nil; attempt++ {
		recorded, err := r.opts.Resume(ctx)
		if err == nil {
			r.restore(recorded)
			return
		}
		if time.Now().After(deadline) {
			r.opts.Logger.Error().Err(err).Msg("events resume without the log")
			r.resync = &gap{reason: reasonLogAway}
			return
		}
		select {
		case <-time.After(max(retryDelay(attempt), firstRetry)):
		case <-ctx.Done():
		}
	}
}

func (r *Reader) restore(recorded Resume) {
	for i := range recorded.Recent {
		r.seen.Add(recorded.Recent[i].Key())
	}
	if recorded.Anchor != nil {
		r.seen.Add(recorded.Anchor.Key())
		r.anchor = recorded.Anchor
	}
	if !recorded.Since.IsZero() { // the record may have wharf's own time, whose difference to the engine's is known to 1 s
		r.since = recorded.Since.Add(-time.Second - reorder)
	}
	r.model.restore(recorded.States)
	r.connected, r.reported = recorded.Connected, recorded.Connected
}

// retryDelay returns the wait before an attempt: 0 for attempt 0, then 50, 100 … 5,000 ms, ±20 %.
func retryDelay(attempt int) time.Duration {
	if attempt == 0 {
		return 0
	}
	d := maxRetry
	if attempt < 8 {
		d = min(firstRetry<<(attempt-1), maxRetry)
	}
	return time.Duration(float64(d) * (1 + retryJitter*(2*rand.Float64()-1)))
}

func (r *Reader) opened(at time.Time) {
	// The engine's time is truncated to the second: only a difference beyond that is a skew.
	if r.skew = time.Until(at); r.skew > -time.Second && r.skew <= 0 {
		r.skew = 0
	}
	r.opts.Up(true)
	if !r.connected {
		r.connected = true
		r.hostEvent("connected", "")
	}
}

func (r *Reader) disconnected(err error) {
	if !r.connected && r.reported {
		return
	}
	reason := reasonUnreachable
	switch {
	case errors.Is(err, errMute):
		reason = reasonMute
	case connect.FaultOf(err) == connect.FaultLocal:
		reason = reasonLocal
	case errors.Is(err, io.EOF):
		reason = reasonStreamEnded
	}
	r.connected = false
	r.hostEvent("disconnected", reason)
}

func (r *Reader) hostEvent(action, reason string) {
	r.reported = true
	r.opts.Emit(Event{
		Host: r.opts.Host, Kind: KindHost, Type: "host", Action: action, ActorID: r.opts.Host, ActorName: r.opts.Host,
		Time: time.Now().Add(r.skew).UTC(), Attrs: map[string]string{}, Reason: reason,
	})
}
