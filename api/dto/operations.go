package dto

import "time"

// BulkOperation is an operation on many containers that is asked for.
type BulkOperation struct {
	// start, stop, restart, pause, unpause, kill, remove or recreate.
	Operation string `json:"operation" minLength:"1" example:"restart"`
	// Which containers, of those that one may operate on.
	Select Selection `json:"select" example:"{\"label\":[\"app=web\"]}"`
	// How many containers at a time; 1 when missing.
	Parallel int `json:"parallel,omitempty" minimum:"0" maximum:"100" example:"5"`
	// How many of one host at a time; as many as parallel when missing.
	PerHost int `json:"per_host,omitempty" minimum:"0" maximum:"100" example:"1"`
	// What to wait for at each container: running, healthy or exited.
	Wait string `json:"wait,omitempty" example:"healthy"`
	// The longest wait for one container, such as 2m: 30s when missing, 5m at most.
	Limit string `json:"limit,omitempty" example:"2m"`
	// After so many failures no more containers are begun: 1 when missing; 0 never stops.
	StopAfterFailures *int `json:"stop_after_failures,omitempty" minimum:"0" example:"1"`
	// Show which containers it would be, and do nothing.
	DryRun bool `json:"dry_run,omitempty" example:"true"`
	// stop, restart: seconds until a container is killed.
	Timeout *int `json:"timeout,omitempty" minimum:"-1" maximum:"3600"`
	// stop, restart, kill: the signal.
	Signal string `json:"signal,omitempty"`
	// remove: also those that run.
	Force bool `json:"force,omitempty"`
	// remove: anonymous volumes too.
	Volumes bool `json:"volumes,omitempty"`
	// recreate: pull each container's image first.
	Pull bool `json:"pull,omitempty"`
}

// Selection selects containers as the list of containers does: of each field any, but all of the labels, and each field
// that is there.
type Selection struct {
	// Names of hosts.
	Host []string `json:"host,omitempty"`
	// Parts of names.
	Name []string `json:"name,omitempty"`
	// key or key=value.
	Label []string `json:"label,omitempty"`
	// Compose projects.
	Project []string `json:"project,omitempty"`
	// Parts of images' names.
	Image []string `json:"image,omitempty"`
	// States.
	State []string `json:"state,omitempty"`
	// Ids, or their first 12 digits or more.
	IDs []string `json:"ids,omitempty"`
}

// BulkResult is an operation on many containers.
type BulkResult struct {
	// Empty for a dry run.
	ID        string `json:"id"`
	Operation string `json:"operation"`
	// running, succeeded, failed, cancelled, interrupted; planned for a dry run.
	State string `json:"state"`
	// Empty below admin, but for one's own.
	User string `json:"user"`
	// When it began; missing for a dry run.
	At *time.Time `json:"at,omitempty"`
	// Missing while it runs.
	FinishedAt *time.Time   `json:"finished_at,omitempty"`
	Targets    []BulkTarget `json:"targets"`
	// The hosts that were asked for their containers. Those of a host that didn't answer aren't among the targets. In the
	// first answer alone.
	Hosts []HostAnswer `json:"hosts,omitempty"`
}

// BulkPage is a page of operations on many containers.
type BulkPage struct {
	Operations []BulkSummary `json:"operations"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// BulkSummary is an operation on many containers, in a list.
type BulkSummary struct {
	ID        string `json:"id"`
	Operation string `json:"operation"`
	// running, succeeded, failed, cancelled or interrupted.
	State string    `json:"state"`
	User  string    `json:"user"`
	At    time.Time `json:"at"`
	// Missing while it runs.
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	// How many containers it has, and how many of them have succeeded and failed.
	Targets   int `json:"targets"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
}

// BulkTarget is a container of an operation on many.
type BulkTarget struct {
	Host string `json:"host"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// waiting, running, ok, failed, skipped or interrupted.
	State string `json:"state"`
	// Why, unless it is ok.
	Detail string `json:"detail"`
	// False: it was so already.
	Changed bool `json:"changed"`
	// The container's state afterwards.
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

// Project is a Compose project, as far as one sees it.
type Project struct {
	Name     string   `json:"name"`
	Hosts    []string `json:"hosts"`
	Services []string `json:"services"`
	// Containers that there are, and that run.
	Containers int `json:"containers"`
	Running    int `json:"running"`
	// running where all run, stopped where none does, else partial.
	State string `json:"state"`
}

// ProjectsQuery selects projects.
type ProjectsQuery struct {
	// Any of them.
	Host []string `query:"host"`
	// Any of them, the whole name.
	Project []string `query:"project"`
}
