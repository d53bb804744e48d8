package dto

import "time"

// ContainerEvent is the contract's frame, used for events of all types.
type ContainerEvent struct {
	Host      string `json:"host"`
	Type      string `json:"type"`
	Action    string `json:"action"`
	ActorID   string `json:"actor_id"`
	ActorName string `json:"actor_name"`
	// Unix time in seconds.
	Timestamp int64             `json:"timestamp"`
	Attrs     map[string]string `json:"attrs"`
}

// StreamGap reports that events between two times of the engine's clock may be missing.
type StreamGap struct {
	// Name of the host; empty means all hosts.
	Host   string    `json:"host"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// HostEvent reports that a host was connected or disconnected.
type HostEvent struct {
	Host   string `json:"host"`
	Action string `json:"action"`
	// Unix time in seconds.
	Timestamp int64  `json:"timestamp"`
	Reason    string `json:"reason"`
}

// LoggedEvent is one record of the event log.
type LoggedEvent struct {
	ID        int64             `json:"id"`
	Host      string            `json:"host"`
	Type      string            `json:"type"`
	Action    string            `json:"action"`
	ActorID   string            `json:"actor_id"`
	ActorName string            `json:"actor_name"`
	Time      time.Time         `json:"time"`
	Attrs     map[string]string `json:"attrs"`
	// Whether wharf inferred the event from a later state.
	Inferred bool `json:"inferred"`
	// Beginning of a gap.
	From *time.Time `json:"from,omitempty"`
	// End of a gap.
	To *time.Time `json:"to,omitempty"`
	// Reason for a gap.
	Reason string `json:"reason,omitempty"`
}

// EventPage is a page of the event log.
type EventPage struct {
	Events []LoggedEvent `json:"events"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// EventFilter selects the events of a stream or a query.
type EventFilter struct {
	// Host name; repeat to match any of several.
	Host []string `query:"host"`
	// Type of event; repeat to match any of several. host and gap are wharf's own types.
	Type []string `query:"type" enum:"builder,config,container,daemon,gap,host,image,network,node,plugin,pod,secret,service,system,volume"`
	// Action; repeat to match any of several.
	Action []string `query:"action"`
	// Id or name of a container; repeat to match any of several.
	Container []string `query:"container"`
}

// StreamQuery is the parameters of the event stream.
type StreamQuery struct {
	EventFilter
	// Id after which to resume, for clients that can't set Last-Event-ID.
	LastEventID string `query:"last_event_id" pattern:"^[0-9]*$"`
	// Ticket in place of a token: see POST /v1/events/ticket.
	Ticket string `query:"ticket"`
}

// EventQuery is the parameters of a query of the event log.
type EventQuery struct {
	EventFilter
	// Beginning: a time, or a duration before now.
	Since time.Time `query:"since"`
	// End: a time, or a duration before now.
	Until time.Time `query:"until"`
	// Only ends of containers that no caller of wharf requested.
	Unexpected bool `query:"unexpected"`
	// Order, by the engines' time.
	Order string `query:"order" enum:"desc,asc" default:"desc"`
	// Maximum number of records in the page.
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	// Cursor from the page before; missing for the first page.
	Cursor string `query:"cursor"`
}
