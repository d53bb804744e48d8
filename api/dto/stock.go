package dto

import "time"

// StockQuery selects volumes or networks of all hosts.
type StockQuery struct {
	// Any of them.
	Host []string `query:"host"`
	// A part of it; any of them.
	Name []string `query:"name"`
	// key or key=value, as the answer shows it; all of them.
	Label []string `query:"label"`
	// true: only what a container uses; false: only what none does.
	InUse string `query:"in_use" enum:"true,false"`
	// Text in an id, a name, the host or a label.
	Text string `query:"q"`
	// The most rows of the page.
	Limit int `query:"limit" default:"1000" minimum:"1" maximum:"5000"`
	// Where the page begins: the cursor of the page before it.
	Cursor string `query:"cursor"`
}

// ImageQuery selects images of all hosts.
type ImageQuery struct {
	StockQuery
	// true: only images without a name; false: only those with one.
	Dangling string `query:"dangling" enum:"true,false"`
}

// UsedBy is a container that uses something.
type UsedBy struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Image is an image of a host.
type Image struct {
	Host string `json:"host"`
	// sha256:…
	ID string `json:"id"`
	// Its names, with tags; empty for a dangling one.
	Tags []string `json:"tags"`
	// Its digests in registries, as name@sha256:…
	Digests []string `json:"digests"`
	// When it was built.
	Created time.Time `json:"created"`
	// In bytes, with the layers that it shares with others.
	Size     int64             `json:"size"`
	Dangling bool              `json:"dangling"`
	Labels   map[string]string `json:"labels"`
	// The containers that use it, running or not, as far as one sees them.
	UsedBy []UsedBy `json:"used_by"`
}

// Volume is a volume of a host.
type Volume struct {
	Host   string `json:"host"`
	Name   string `json:"name"`
	Driver string `json:"driver"`
	// Missing where the engine doesn't say.
	Created *time.Time `json:"created,omitempty"`
	// It got its name from the engine.
	Anonymous bool              `json:"anonymous"`
	Labels    map[string]string `json:"labels"`
	// The containers that use it, running or not, as far as one sees them.
	UsedBy []UsedBy `json:"used_by"`
}

// Network is a network of a host.
type Network struct {
	Host   string `json:"host"`
	ID     string `json:"id"`
	Name   string `json:"name"`
	Driver string `json:"driver"`
	// local, swarm or global.
	Scope    string `json:"scope"`
	Internal bool   `json:"internal"`
	// It is the engine's own and can't be removed.
	Builtin bool `json:"builtin"`
	// Missing where the engine doesn't say.
	Created *time.Time        `json:"created,omitempty"`
	Subnets []string          `json:"subnets"`
	Labels  map[string]string `json:"labels"`
	// The containers that belong to it, running or not, as far as one sees them.
	UsedBy []UsedBy `json:"used_by"`
}

// ImagePage is a page of images, and which hosts it speaks of.
type ImagePage struct {
	Images []Image      `json:"images"`
	Hosts  []HostAnswer `json:"hosts"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// VolumePage is a page of volumes, and which hosts it speaks of.
type VolumePage struct {
	Volumes []Volume     `json:"volumes"`
	Hosts   []HostAnswer `json:"hosts"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// NetworkPage is a page of networks, and which hosts it speaks of.
type NetworkPage struct {
	Networks []Network    `json:"networks"`
	Hosts    []HostAnswer `json:"hosts"`
	// Of the next page; empty on the last.
	Cursor string `json:"cursor"`
}

// PullRequest asks hosts to pull an image.
type PullRequest struct {
	// As docker pull takes it.
	Image string `json:"image" minLength:"1" maxLength:"1000" example:"registry.example.org/team/app:1"`
	// Names of hosts.
	Hosts []string `json:"hosts" minItems:"1" maxItems:"1000" example:"[\"web-1\"]"`
	// Such as linux/arm64; each engine's own when missing.
	Platform string `json:"platform,omitempty" example:"linux/amd64"`
}

// Pull is a pull of an image on some hosts.
type Pull struct {
	ID string `json:"id"`
	// As docker writes its name.
	Image string `json:"image"`
	// Empty: each engine's own.
	Platform string `json:"platform"`
	User     string `json:"user"`
	// running, succeeded, failed (on some hosts) or cancelled.
	State string    `json:"state"`
	At    time.Time `json:"at"`
	// Missing while it is under way.
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Hosts      []HostPull `json:"hosts"`
}

// HostPull is one host's part of a pull.
type HostPull struct {
	Host string `json:"host"`
	// running, succeeded, failed or cancelled.
	State string `json:"state"`
	// The furthest that any layer is: waiting, downloading, extracting, done; empty before the engine says anything.
	Step string `json:"step"`
	// That the image has, as far as is known.
	Layers     int `json:"layers"`
	LayersDone int `json:"layers_done"`
	// Downloaded, and to download, in bytes, as far as is known.
	Bytes int64 `json:"bytes"`
	Total int64 `json:"total"`
	// The image's id, once it is there.
	ImageID string `json:"image_id"`
	// In the registry; empty where the engine doesn't say.
	Digest string `json:"digest"`
	// False: the host had it already.
	Changed bool `json:"changed"`
	// Why it failed: unknown, denied, limited, stalled, broken, platform, full, unreachable or other.
	Reason string `json:"reason"`
	// The same in words.
	Detail string `json:"detail"`
}

// PullEnd is the last frame of a pull's stream.
type PullEnd struct {
	State string `json:"state"`
}

// PruneRequest asks to remove what nothing uses.
type PruneRequest struct {
	// containers, images, volumes, networks.
	What []string `json:"what" minItems:"1" maxItems:"4" example:"[\"images\"]"`
	// Names of hosts; when missing all that one may change as a whole.
	Hosts []string `json:"hosts,omitempty" maxItems:"1000"`
	// Images that have a name and volumes that got theirs from a person, too.
	All bool `json:"all,omitempty"`
	// False removes; when missing it is only shown what would go.
	DryRun *bool `json:"dry_run,omitempty" example:"true"`
	// At most these: what a dry run has shown. Missing: all that nothing uses.
	Only []PruneOnly `json:"only,omitempty" maxItems:"4000"`
}

// PruneOnly names things of one kind that a dry run has shown.
type PruneOnly struct {
	Host string `json:"host"`
	// containers, images, volumes or networks.
	What string `json:"what"`
	// Whole, or of an id its first 12 digits or more.
	IDs []string `json:"ids"`
}

// Pruned is what was removed, or would be.
type Pruned struct {
	DryRun bool        `json:"dry_run"`
	Items  []PruneItem `json:"items"`
	// That are free now, or would be, at least, in bytes: what several of the images share isn't counted.
	Freed int64        `json:"freed"`
	Hosts []HostAnswer `json:"hosts"`
}

// PruneItem is one thing that nothing uses.
type PruneItem struct {
	Host string `json:"host"`
	// containers, images, volumes or networks.
	What string `json:"what"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// That its removal frees at least.
	Bytes int64 `json:"bytes"`
	// planned, removed or kept.
	State string `json:"state"`
	// Why it is kept.
	Detail string `json:"detail"`
}
