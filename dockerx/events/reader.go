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

// How a host's event stream is kept. The limits follow from what was measured on real
// engines: a ring of 256 events, filled at three events a health check, is gone in seconds.
const (
	firstRetry  = 50 * time.Millisecond
	maxRetry    = 5 * time.Second
	retryJitter = 0.2
	// steady is how long a stream must last for the next retry to be immediate again.
	steady = time.Second
	// proofTime is how long a silent stream may take to replay the anchor.
	proofTime = time.Second
	// reorder is how far apart, in the engine's time, two events may be that its ring and
	// its stream hold in different orders: it stamps, stores and publishes under no common lock.
	reorder = 10 * time.Millisecond
	// listDelay is how long events that a list already reflects may take to arrive.
	listDelay = 150 * time.Millisecond
	// history is how far back the first connection looks for an anchor.
	history = time.Hour
	// resumeTime is how long the first connection waits for the log.
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

// GapReasons returns every reason that a reader gives for a gap.
func GapReasons() []string {
	return []string{reasonNoAnchor, reasonClockBack, reasonOverflow, reasonUnreadable, reasonLogAway}
}

var errMute = errors.New("engine does not answer pings")

// Resume is what is known of a host from before this process.
type Resume struct {
	// Anchor is the last event of the engine that is on record; nil if there is none.
	Anchor *Event
	// Recent holds the events on record shortly before the anchor, in any order.
	Recent []Event
	// States holds the containers that should exist, by full id. Nil means that nothing is
	// known: then the first list is taken as it is.
	States map[string]ContainerState
	// Since is the time of the host's latest record, of whatever kind; zero: none.
	Since time.Time
	// Connected: the host was being read a moment ago, by another Reader, so that reaching it is no news.
	Connected bool
}

// ContainerState is what the events so far imply of one container.
type ContainerState struct {
	Name  string
	State string // created, running, paused, exited
}

// Source is what a Reader needs of its engine. Zero times mean that the engine doesn't say its own. An error that is a
// connect.FaultLocal says nothing about the engine.
type Source interface {
	// OpenEvents opens the engine's event stream, replaying what its ring holds from since on
	// (inclusive; zero: nothing). The time is the engine's, cut to the second. The Reader closes the stream.
	OpenEvents(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error)
	// Ping asks for a sign of life and the engine's time, cut to the second.
	Ping(ctx context.Context) (time.Time, error)
	// ListContainers lists all containers, running or not, fresh from the engine.
	ListContainers(ctx context.Context) ([]Container, error)
}

// Container is one row of the engine's list.
type Container struct {
	ID     string // 64 hex digits
	Name   string // without '/'
	Image  string
	State  string            // in Docker's words
	Labels map[string]string // may be shared; the Reader doesn't change it
}

// Options says what a Reader reads and where its events go.
type Options struct {
	Host   string // the name in its events
	Source Source
	Emit   func(Event) // gets each event, in order; it must not block
	Up     func(bool)  // is called with whether the stream is open; it must not block
	// Counted is called when Containers begins to know the host's containers. It must not block. Nil: it isn't.
	Counted func()
	// Resume returns what is on record of the host. Nil: begin now.
	Resume func(ctx context.Context) (Resume, error)
	// QueueBytes bounds the events that wait to be processed; zero: 64 MiB.
	QueueBytes int
	Logger     zerolog.Logger
}

// Reader keeps one host's event stream. One goroutine copies from the socket to memory and one makes sense of it;
// neither ever waits for a consumer.
type Reader struct {
	opts Options

	anchor    *Event
	seen      *recentset.Set[int64]
	model     containerModel
	since     time.Time // the engine's time from which on nothing may be missed, without an anchor
	lost      time.Time // our time of the last stream's end
	skew      time.Duration
	resync    *gap // a list must be compared; nil: not needed
	connected bool
	reported  bool // some host record was emitted
}

// New makes a Reader, which does nothing before Run.
func New(o Options) *Reader { return &Reader{opts: o, seen: recentset.New[int64](seenMax)} }

// Run reads until ctx ends; its error is ctx's. It is called once.
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
		case progress: // a stream that brings one event and ends must not be opened in a busy loop
			attempt = min(attempt, 1)
		}
		r.opts.Logger.Debug().Err(err).Int("attempt", attempt).Msg("event stream ended")
		if attempt > 0 && !progress || errors.Is(err, errMute) { // the first retry alone is not worth a record
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

// begin loads what is known from before; without the log it starts from now and says so.
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
	if !recorded.Since.IsZero() { // the time of a record of ours: the engine's clock is known to the second
		r.since = recorded.Since.Add(-time.Second - reorder)
	}
	r.model.restore(recorded.States)
	r.connected, r.reported = recorded.Connected, recorded.Connected
}

// retryDelay is how long to wait before a try: none, 50, 100 … 5,000 ms, ±20 %.
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
	// The engine's time is cut to the second: only a difference beyond that is a skew.
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
