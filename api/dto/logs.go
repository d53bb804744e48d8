package dto

import "time"

// LogLine is a line of a container's log.
type LogLine struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Time of the line, by the engine's clock.
	At time.Time `json:"at"`
	// stdout or stderr.
	Stream string `json:"stream"`
	// Text without the line end; bytes that aren't UTF-8 become U+FFFD.
	Text string `json:"text"`
	// trace, debug, info, warn, error, fatal, or empty if the line has no recognized level.
	Level string `json:"level"`
	// Whether the line was cut at 256 KiB.
	Cut bool `json:"cut,omitempty"`
	// Lines before it, for a hit of a search.
	Before []ContextLine `json:"before,omitempty"`
	// Lines after it, for a hit of a search.
	After []ContextLine `json:"after,omitempty"`
}

// ContextLine is a line before or after a hit of a search.
type ContextLine struct {
	At     time.Time `json:"at"`
	Stream string    `json:"stream"`
	Text   string    `json:"text"`
}

// LogGap reports that lines of a container between two times of the engine's clock may be missing.
type LogGap struct {
	// stream-gap; only in NDJSON.
	Event  string    `json:"event,omitempty"`
	Host   string    `json:"host"`
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

// LogEnd reports that a container has no more lines.
type LogEnd struct {
	// log-end; only in NDJSON.
	Event string `json:"event,omitempty"`
	Host  string `json:"host"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	// Reason; empty if everything that was requested was read.
	Error string `json:"error,omitempty"`
}

// LogProgress reports the progress of a search.
type LogProgress struct {
	// progress; only in NDJSON.
	Event string `json:"event,omitempty"`
	// Bytes read from engines and files so far.
	Bytes int64 `json:"bytes"`
	Lines int64 `json:"lines"`
	// Number of containers that were searched completely.
	Searched   int `json:"searched"`
	Containers int `json:"containers"`
	// All containers were searched back to this time.
	From *time.Time `json:"from,omitempty"`
}

// LogSearchEnd reports the end of a search.
type LogSearchEnd struct {
	// end; only in NDJSON.
	Event string `json:"event,omitempty"`
	// Whether everything was searched.
	Complete bool `json:"complete"`
	// Cursor from which the search can continue; empty if it is complete.
	Cursor string `json:"cursor"`
}

// LogHosts lists the hosts and containers of an answer, and the containers that it omits.
type LogHosts struct {
	// log-hosts; only in NDJSON.
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
	// Reason why the log could not be read.
	Error string `json:"error,omitempty"`
}

// OmittedLog is a selected container that the answer omits.
type OmittedLog struct {
	Host   string `json:"host"`
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// LogPage is a page of lines, sorted by time; hits of a search are sorted newest first.
type LogPage struct {
	Lines []LogLine `json:"lines"`
	Gaps  []LogGap  `json:"gaps"`
	LogHosts
	// Cursor of the page before, or of older hits; empty if there is none.
	Prev string `json:"prev"`
	// Cursor of the lines after the page, also for Last-Event-ID; empty for a search.
	Next string `json:"next"`
	// For a search: whether everything was searched.
	Complete *bool `json:"complete,omitempty"`
}

// LogQuery selects the lines of an answer, and its format. With grep or level it is a search, which returns the newest lines first.
type LogQuery struct {
	// Number of lines from the end of each container's log, or all.
	Tail string `query:"tail" default:"500" pattern:"^([0-9]{1,9}|all)$"`
	// Beginning: a time, or a duration before now.
	Since time.Time `query:"since"`
	// End: a time, or a duration before now.
	Until time.Time `query:"until"`
	// Also send new lines as they come. Only for streams.
	Follow bool `query:"follow" default:"false"`
	// Only lines of this stream.
	Stream string `query:"stream" enum:"stdout,stderr"`
	// Text that the line must contain.
	Grep string `query:"grep"`
	// Read grep as a regular expression (RE2).
	Regex bool `query:"regex" default:"false"`
	// Only lines that don't match grep.
	Invert bool `query:"invert" default:"false"`
	// Number of lines before and after each hit of a search.
	Context int `query:"context" default:"0" minimum:"0" maximum:"50"`
	// Level; repeat to match any of several.
	Level []string `query:"level" enum:"trace,debug,info,warn,error,fatal"`
	// Maximum number of lines in a page, or of hits of a search.
	Limit int `query:"limit" default:"1000" minimum:"1" maximum:"10000"`
	// Time limit of a search: 30s by default, 2m at most.
	Deadline time.Duration `query:"deadline"`
	// Cursor from which to continue: prev or next of a page, or the cursor of a search.
	Cursor string `query:"cursor"`
	// Keep terminal escape sequences.
	ANSI bool `query:"ansi" default:"true"`
	// Write the time before each line of text/plain.
	Timestamps bool `query:"timestamps" default:"false"`
	// Answer with a file in text/plain.
	Download bool `query:"download" default:"false"`
	// With follow: insert the containers' events between the lines.
	Events bool `query:"events" default:"false"`
	// Id after which to resume, for clients that can't set Last-Event-ID.
	LastEventID string `query:"last_event_id"`
	// Ticket in place of a token: see POST /v1/events/ticket.
	Ticket string `query:"ticket"`
}

// AllLogsQuery selects up to 100 containers of all hosts, and the lines of the answer.
type AllLogsQuery struct {
	// Host name; repeat to select several.
	Host []string `query:"host"`
	// Part of the name; repeat to match any of several. With one host and follow, the stream continues with a new container that
	// takes the name of a removed one.
	Name []string `query:"name"`
	// Part of the image's name; repeat to match any of several.
	Image []string `query:"image"`
	// key or key=value, as the list shows it; repeat to require several.
	Label []string `query:"label"`
	// Compose project; repeat to match any of several.
	Project []string `query:"project"`
	// State; repeat to match any of several.
	State []string `query:"state"`
	// Text in the id, name, image, host, state, status or a label.
	Text string `query:"q"`
	LogQuery
}
