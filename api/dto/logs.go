package dto

import "time"

// LogLine is a line of a container's log.
type LogLine struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// By the engine's clock.
	At time.Time `json:"at"`
	// stdout or stderr.
	Stream string `json:"stream"`
	// Without the line's end; bytes that are no UTF-8 are U+FFFD.
	Text string `json:"text"`
	// trace, debug, info, warn, error, fatal, or empty where the line doesn't tell.
	Level string `json:"level"`
	// Whether the line was longer than 256 KiB.
	Cut bool `json:"cut,omitempty"`
	// Of a hit of a search: the lines before it.
	Before []ContextLine `json:"before,omitempty"`
	// Of a hit of a search: the lines after it.
	After []ContextLine `json:"after,omitempty"`
}

// ContextLine is a line beside one that a search found.
type ContextLine struct {
	At     time.Time `json:"at"`
	Stream string    `json:"stream"`
	Text   string    `json:"text"`
}

// LogGap says that between two times of the engine's clock lines of a container may be missing.
type LogGap struct {
	// stream-gap, in NDJSON alone.
	Event  string    `json:"event,omitempty"`
	Host   string    `json:"host"`
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// LogEnd says that no more lines of a container will come.
type LogEnd struct {
	// log-end, in NDJSON alone.
	Event string `json:"event,omitempty"`
	Host  string `json:"host"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	// Why; empty where all that was asked for was read.
	Error string `json:"error,omitempty"`
}

// LogProgress says how far a search is.
type LogProgress struct {
	// progress, in NDJSON alone.
	Event string `json:"event,omitempty"`
	// Read from engines and files so far.
	Bytes int64 `json:"bytes"`
	Lines int64 `json:"lines"`
	// How many containers were searched to the end.
	Searched   int `json:"searched"`
	Containers int `json:"containers"`
	// Back to here all containers were searched.
	From *time.Time `json:"from,omitempty"`
}

// LogSearchEnd says how a search ended.
type LogSearchEnd struct {
	// end, in NDJSON alone.
	Event string `json:"event,omitempty"`
	// Whether there is nothing more to be searched.
	Complete bool `json:"complete"`
	// Where to go on; empty where it is complete.
	Cursor string `json:"cursor"`
}

// LogHosts says which hosts an answer speaks of, and which containers are no part of it.
type LogHosts struct {
	// log-hosts, in NDJSON alone.
	Event      string         `json:"event,omitempty"`
	Containers []LogContainer `json:"containers"`
	Omitted    []OmittedLog   `json:"omitted"`
	Hosts      []HostAnswer   `json:"hosts"`
}

// LogContainer is a container whose log is part of an answer.
type LogContainer struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Why it could not be read.
	Error string `json:"error,omitempty"`
}

// OmittedLog is a container that was meant and is no part of the answer.
type OmittedLog struct {
	Host   string `json:"host"`
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// LogPage is a page of lines: by time, those of a search the newest first.
type LogPage struct {
	Lines []LogLine `json:"lines"`
	Gaps  []LogGap  `json:"gaps"`
	LogHosts
	// Of the page before it, or of the older hits; empty where there is none.
	Prev string `json:"prev"`
	// Of what comes after it: also for Last-Event-ID. Empty for a search.
	Next string `json:"next"`
	// Of a search: whether there is nothing more to be searched.
	Complete *bool `json:"complete,omitempty"`
}

// LogQuery says which lines an answer has, and how. grep and level search: the newest lines first.
type LogQuery struct {
	// The last so many lines of each container, or all.
	Tail string `query:"tail" default:"500" pattern:"^([0-9]{1,9}|all)$"`
	// A time, or how long ago.
	Since time.Time `query:"since"`
	// A time, or how long ago.
	Until time.Time `query:"until"`
	// Go on with lines as they come. Streams alone.
	Follow bool `query:"follow" default:"false"`
	// One of the two streams.
	Stream string `query:"stream" enum:"stdout,stderr"`
	// Text in the line.
	Grep string `query:"grep"`
	// grep is a regular expression (RE2).
	Regex bool `query:"regex" default:"false"`
	// Lines without grep.
	Invert bool `query:"invert" default:"false"`
	// Lines before and after each hit of a search.
	Context int `query:"context" default:"0" minimum:"0" maximum:"50"`
	// Any of them.
	Level []string `query:"level" enum:"trace,debug,info,warn,error,fatal"`
	// The most lines of a page, or hits of a search.
	Limit int `query:"limit" default:"1000" minimum:"1" maximum:"10000"`
	// The longest that a search takes, 30s by default, 2m at most.
	Deadline time.Duration `query:"deadline"`
	// Where to go on: prev or next of a page, or a search's cursor.
	Cursor string `query:"cursor"`
	// Keep terminal escape sequences.
	ANSI bool `query:"ansi" default:"true"`
	// Times before the lines of text/plain.
	Timestamps bool `query:"timestamps" default:"false"`
	// Answer with a file, as text/plain.
	Download bool `query:"download" default:"false"`
	// Weave the containers' events in while following.
	Events bool `query:"events" default:"false"`
	// Where to go on, for clients that can't set Last-Event-ID.
	LastEventID string `query:"last_event_id"`
	// Stands for a token: see POST /v1/events/ticket.
	Ticket string `query:"ticket"`
}

// AllLogsQuery selects containers of all hosts, 100 at most, and says which lines an answer has.
type AllLogsQuery struct {
	// Any of them.
	Host []string `query:"host"`
	// A part of it; any of them. With one host and follow, lines go on in the container that takes the name of a removed one.
	Name []string `query:"name"`
	// A part of it; any of them.
	Image []string `query:"image"`
	// key or key=value, as the list shows it; all of them.
	Label []string `query:"label"`
	// A Compose project; any of them.
	Project []string `query:"project"`
	// Any of them.
	State []string `query:"state"`
	// Text in id, name, image, host, state, status or a label.
	Text string `query:"q"`
	LogQuery
}
