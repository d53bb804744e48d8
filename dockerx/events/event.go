package events

import "time"

// Kind says what an Event is about.
type Kind uint8

// The kinds of events.
const (
	// KindDocker is an event of the engine, or one inferred from its container list
	// (Attrs["wharf.inferred"] is "true").
	KindDocker Kind = iota
	// KindHost says that a host was connected or disconnected (Action).
	KindHost
	// KindGap says that between From and To events may be missing (Reason says why).
	KindGap
	// KindState holds the states in which a host's containers were found when it was first read (Found).
	// Nothing happened: it is kept for Resume.States, and published to no subscription.
	KindState
)

// Event is one thing that happened on a host.
type Event struct {
	Host      string
	Kind      Kind
	Type      string // container, network, image, volume, daemon, …; "host" for KindHost and KindState; "gap" for KindGap
	Action    string
	ActorID   string
	ActorName string            // Attrs["name"], else ActorID
	Time      time.Time         // the engine's clock, to the nanosecond
	Attrs     map[string]string // nil for KindState alone
	// Labels are the container's own, apart from what the engine says in Attrs beside them: grants go
	// by these alone. Nil for what isn't about a container.
	Labels map[string]string
	// ClockSkew is how far the engine's clock was ahead of ours when the event came, as far as is
	// known. It is not stored.
	ClockSkew time.Duration
	From, To  time.Time // KindGap alone: the engine's clock
	Reason    string    // KindGap and a disconnected host: a short fixed text
	Found     []Found   // KindState alone
}

// Found is a container as it was found.
type Found struct {
	ID string
	ContainerState
}
