package dto

import "time"

// BulkOperation is a request for an operation on many containers.
type BulkOperation struct {
	// start, stop, restart, pause, unpause, kill, remove or recreate.
	Operation string `json:"operation" minLength:"1" example:"restart"`
	// Selects among the containers that the caller may operate on.
	Select Selection `json:"select" example:"{\"label\":[\"app=web\"]}"`
	// Number of containers at a time; 1 if missing.
	Parallel int `json:"parallel,omitempty" minimum:"0" maximum:"100" example:"5"`
	// Number of containers of one host at a time; as many as parallel if missing.
	PerHost int `json:"per_host,omitempty" minimum:"0" maximum:"100" example:"1"`
	// State to wait for at each container: running, healthy or exited.
	Wait string `json:"wait,omitempty" example:"healthy"`
	// Maximum wait for one container, such as 2m: 30s if missing, 5m at most.
	Limit string `json:"limit,omitempty" example:"2m"`
	// Number of failures after which the remaining containers are skipped: 1 if missing; 0 means never.
	StopAfterFailures *int `json:"stop_after_failures,omitempty" minimum:"0" example:"1"`
	// Only show the selected containers, and change nothing.
	DryRun bool `json:"dry_run,omitempty" example:"true"`
	// stop, restart: seconds until the container is killed.
	Timeout *int `json:"timeout,omitempty" minimum:"-1" maximum:"3600"`
	// stop, restart, kill: signal to send.
	Signal string `json:"signal,omitempty"`
	// remove: kill containers that run.
	Force bool `json:"force,omitempty"`
	// remove: remove anonymous volumes too.
	Volumes bool `json:"volumes,omitempty"`
	// recreate: pull each container's image first.
	Pull bool `json:"pull,omitempty"`
}

// Selection selects containers as the list of containers does. Every field that is set must match: by any of its values, for
// labels by all.
type Selection struct {
	// Host names.
	Host []string `json:"host,omitempty"`
	// Parts of names.
	Name []string `json:"name,omitempty"`
	// key or key=value.
	Label []string `json:"label,omitempty"`
	// Names of Compose projects.
	Project []string `json:"project,omitempty"`
	// Parts of image names.
	Image []string `json:"image,omitempty"`
	// States.
	State []string `json:"state,omitempty"`
	// Ids, or prefixes of at least 12 digits.
	IDs []string `json:"ids,omitempty"`
}

// BulkResult is an operation on many containers.
type BulkResult struct {
	// Id of the operation; empty for a dry run.
	ID        string `json:"id"`
	Operation string `json:"operation"`
	// running, succeeded, failed, cancelled, interrupted; planned for a dry run.
	State string `json:"state"`
	// User that started it; callers below admin see only their own name.
	User string `json:"user"`
	// Start of the operation; missing for a dry run.
	At *time.Time `json:"at,omitempty"`
	// Missing while the operation runs.
	FinishedAt *time.Time   `json:"finished_at,omitempty"`
	Targets    []BulkTarget `json:"targets"`
	// Hosts that were asked for their containers. Containers of a host that didn't answer aren't among the targets. Only in the
	// first answer.
	Hosts []HostAnswer `json:"hosts,omitempty"`
}

// BulkPage is a page of operations on many containers.
type BulkPage struct {
	Operations []BulkSummary `json:"operations"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// BulkSummary is an operation on many containers, as a row of a list.
type BulkSummary struct {
	ID        string `json:"id"`
	Operation string `json:"operation"`
	// running, succeeded, failed, cancelled or interrupted.
	State string    `json:"state"`
	User  string    `json:"user"`
	At    time.Time `json:"at"`
	// Missing while the operation runs.
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	// Number of containers, and how many of them succeeded and failed.
	Targets   int `json:"targets"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
}

// BulkTarget is a container in an operation on many containers.
type BulkTarget struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// waiting, running, ok, failed, skipped or interrupted.
	State string `json:"state"`
	// Reason for the state, unless it is ok.
	Detail string `json:"detail"`
	// False: there was nothing to do.
	Changed bool `json:"changed"`
	// State of the container afterwards.
	After      string     `json:"after"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// BulkEnd is the last frame of an operation's stream.
type BulkEnd struct {
	State string `json:"state"`
}

// Projects are the Compose projects of some hosts.
type Projects struct {
	Projects []Project    `json:"projects"`
	Hosts    []HostAnswer `json:"hosts"`
}

// Project is the part of a Compose project that the caller sees.
type Project struct {
	Name     string   `json:"name"`
	Hosts    []string `json:"hosts"`
	Services []string `json:"services"`
	// Number of containers, and how many of them run.
	Containers int `json:"containers"`
	Running    int `json:"running"`
	// running if all containers run, stopped if none does, else partial.
	State string `json:"state"`
}

// ProjectsQuery selects projects.
type ProjectsQuery struct {
	// Host name; repeat to select several.
	Host []string `query:"host"`
	// Full name of a project; repeat to select several.
	Project []string `query:"project"`
}
