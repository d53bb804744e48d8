package dto

import "time"

// ExecRequest is a command to run in a container.
type ExecRequest struct {
	// Program and arguments, run without a shell.
	Cmd []string `json:"cmd" minItems:"1" maxItems:"256" example:"[\"sh\"]"`
	// Run the command in a terminal: stdout and stderr are one stream, and the terminal can be resized.
	TTY bool `json:"tty,omitempty"`
	// Name or number, with a group after a colon; empty means the container's own user.
	User    string `json:"user,omitempty" example:"1000:1000"`
	Workdir string `json:"workdir,omitempty" example:"/srv"`
	// NAME=value, in addition to the container's own environment.
	Env []string `json:"env,omitempty" maxItems:"256" example:"[\"TERM=xterm-256color\"]"`
}

// ExecQuery is the way in which a command is run.
type ExecQuery struct {
	// Run the command to its end, without input, and answer with its output.
	Wait bool `query:"wait"`
	// With wait: time limit, 5m at most.
	Limit time.Duration `query:"limit" default:"30s"`
}

// ExecResult is a ticket, or with wait=true the result of the command.
type ExecResult struct {
	// Opens the terminal once, within 30 s, only for this session or key.
	Ticket    string    `json:"ticket,omitempty"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// Address for the ticket: a WebSocket with the subprotocol v5.channel.k8s.io.
	URL string `json:"url,omitempty"`

	// Missing if the command didn't end.
	ExitCode *int `json:"exit_code,omitempty"`
	// Output, at most 64 KiB; bytes that aren't UTF-8 become U+FFFD.
	Stdout *string `json:"stdout,omitempty"`
	Stderr *string `json:"stderr,omitempty"`
	// Whether stdout or stderr was longer.
	Truncated *bool `json:"truncated,omitempty"`
	// Whether the command still ran at the limit. It continues, unless it ends when its input ends.
	TimedOut *bool `json:"timed_out,omitempty"`
}

// TerminalTicket opens a container's own terminal.
type TerminalTicket struct {
	// Opens the terminal once, within 30 s, only for this session or key.
	Ticket    string    `json:"ticket"`
	ExpiresAt time.Time `json:"expires_at"`
	// Address for the ticket: a WebSocket with the subprotocol v5.channel.k8s.io.
	URL string `json:"url"`
}

// AttachQuery carries the ticket of a terminal.
type AttachQuery struct {
	Ticket string `query:"ticket"`
}

// Terminal is an open terminal.
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
