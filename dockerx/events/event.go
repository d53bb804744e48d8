package events

import "time"

// Kind is the kind of an Event.
type Kind uint8

// The kinds of events.
const (
	// KindDocker is an event of the engine, or one inferred from its container list
	// (Attrs["wharf.inferred"] is "true").
	KindDocker Kind = iota
	// KindHost reports that a host was connected or disconnected (Action).
	KindHost
	// KindGap reports that events between From and To may be missing, for the reason Reason.
	KindGap
	// KindState holds the containers' states at the first reading of a host (Found). It reports no event: it is stored for
	// Resume.States, and not published to subscriptions.
	KindState
)

// Event is an event of a host, or one of the Reader's own reports about it.
type Event struct {
	Host      string
	Kind      Kind
	Type      string // container, network, image, volume, daemon, …; "host" for KindHost and KindState; "gap" for KindGap
	Action    string
	ActorID   string
	ActorName string            // Attrs["name"], else ActorID
	Time      time.Time         // the engine's clock, to the nanosecond
	Attrs     map[string]string // nil only for KindState
	// Labels are the container's labels, without the engine's own attributes, which Attrs has too. Only these decide which
	// grants apply. Nil for an event that isn't a container's.
	Labels map[string]string
	// ClockSkew is how far the engine's clock was ahead of wharf's when the event came; zero if unknown. It is not stored.
	ClockSkew time.Duration
	From, To  time.Time // only KindGap: the engine's clock
	Reason    string    // KindGap and a disconnected host: a short fixed text
	Found     []Found   // only KindState
}

// Found is a container with its state at the first reading of a host.
type Found struct {
	ID string
	ContainerState
}
