package dto

import "time"

// ExecRequest is a command to run in a container.
type ExecRequest struct {
	// The program and its arguments; no shell reads them.
	Cmd []string `json:"cmd" minItems:"1" maxItems:"256" example:"[\"sh\"]"`
	// Give the command a terminal: output and errors come as one, and it has a size.
	TTY bool `json:"tty,omitempty"`
	// A name or number, with a group after a colon; empty means the container's own.
	User    string `json:"user,omitempty" example:"1000:1000"`
	Workdir string `json:"workdir,omitempty" example:"/srv"`
	// NAME=value, added to the container's own.
	Env []string `json:"env,omitempty" maxItems:"256" example:"[\"TERM=xterm-256color\"]"`
}

// ExecQuery says how a command is run.
type ExecQuery struct {
	// Run it to its end, without input, and answer with what it said.
	Wait bool `query:"wait"`
	// With wait: how long it may take, 5m at most.
	Limit time.Duration `query:"limit" default:"30s"`
}

// ExecResult is a ticket, or with wait=true what came of the command.
type ExecResult struct {
	// Opens the terminal once, within 30 s, for this session or key alone.
	Ticket    string    `json:"ticket,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Where the ticket is to be used: a WebSocket of the subprotocol v5.channel.k8s.io.
	URL string `json:"url,omitempty"`

	// Missing where the command didn't end.
	ExitCode *int `json:"exit_code,omitempty"`
	// What it wrote, with replacement characters for what isn't UTF-8; 64 KiB at most.
	Stdout *string `json:"stdout,omitempty"`
	Stderr *string `json:"stderr,omitempty"`
	// There was more of stdout or stderr.
	Truncated *bool `json:"truncated,omitempty"`
	// The command was still running at the limit, and runs on unless it heeds the end of its input.
	TimedOut *bool `json:"timed_out,omitempty"`
}

// TerminalTicket opens a container's own terminal.
type TerminalTicket struct {
	// Opens the terminal once, within 30 s, for this session or key alone.
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
	// Where the ticket is to be used: a WebSocket of the subprotocol v5.channel.k8s.io.
	URL string `json:"url"`
}

// AttachQuery carries the ticket of a terminal.
type AttachQuery struct {
	Ticket string `query:"ticket"`
}

// Terminal is a terminal that is open.
type Terminal struct {
	ID            string `json:"id" format:"uuid"`
	User          string `json:"user"`
	Address       string `json:"address"`
	Host          string `json:"host"`
	ContainerID   string `json:"container_id"`
	ContainerName string `json:"container_name"`
	// Empty for a container's own terminal.
	Cmd   []string  `json:"cmd"`
	TTY   bool      `json:"tty"`
	Since time.Time `json:"since"`
	// Bytes of input and output.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
}
