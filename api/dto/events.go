package dto

import "time"

// ContainerEvent is the contract's frame, for events of every type.
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

// StreamGap says that between two times of the engine's clock events may be missing.
type StreamGap struct {
	// Empty means all hosts.
	Host   string    `json:"host"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// HostEvent says that a host was connected or disconnected.
type HostEvent struct {
	Host   string `json:"host"`
	Action string `json:"action"`
	// Unix time in seconds.
	Timestamp int64  `json:"timestamp"`
	Reason    string `json:"reason"`
}

// LoggedEvent is one record of the history.
type LoggedEvent struct {
	ID        int64             `json:"id"`
	Host      string            `json:"host"`
	Type      string            `json:"type"`
	Action    string            `json:"action"`
	ActorID   string            `json:"actor_id"`
	ActorName string            `json:"actor_name"`
	Time      time.Time         `json:"time"`
	Attrs     map[string]string `json:"attrs"`
	// Whether wharf concluded it from what it saw afterwards.
	Inferred bool `json:"inferred"`
	// A gap's beginning.
	From *time.Time `json:"from,omitempty"`
	// A gap's end.
	To *time.Time `json:"to,omitempty"`
	// A gap's.
	Reason string `json:"reason,omitempty"`
}

// EventPage is a page of the history.
type EventPage struct {
	Events []LoggedEvent `json:"events"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// EventFilter narrows a stream or a query of events.
type EventFilter struct {
	// Any of them.
	Host []string `query:"host"`
	// Any of them; host and gap are wharf's own.
	Type []string `query:"type" enum:"builder,config,container,daemon,gap,host,image,network,node,plugin,pod,secret,service,system,volume"`
	// Any of them.
	Action []string `query:"action"`
	// Ids or names; any of them.
	Container []string `query:"container"`
}

// StreamQuery is what the event stream takes.
type StreamQuery struct {
	EventFilter
	// Where to go on, for clients that can't set Last-Event-ID.
	LastEventID string `query:"last_event_id" pattern:"^[0-9]*$"`
	// Stands for a token: see POST /v1/events/ticket.
	Ticket string `query:"ticket"`
}

// EventQuery is what the history takes.
type EventQuery struct {
	EventFilter
	// A time, or how long ago.
	Since time.Time `query:"since"`
	// A time, or how long ago.
	Until time.Time `query:"until"`
	// Only ends of containers that no caller asked wharf for.
	Unexpected bool `query:"unexpected"`
	// By the engines' time.
	Order string `query:"order" enum:"desc,asc" default:"desc"`
	// The most records of the page.
	Limit int `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	// Where the page begins: the cursor of the page before it.
	Cursor string `query:"cursor"`
}
