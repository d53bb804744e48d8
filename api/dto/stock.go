package dto

import "time"

// StockQuery selects volumes or networks of all hosts.
type StockQuery struct {
	// Host name; repeat to select several.
	Host []string `query:"host"`
	// Part of the name; repeat to match any of several.
	Name []string `query:"name"`
	// key or key=value, as the answer shows it; repeat to require several.
	Label []string `query:"label"`
	// true: only those that a container uses; false: only those that no container uses.
	InUse string `query:"in_use" enum:"true,false"`
	// Text in an id, a name, the host or a label.
	Text string `query:"q"`
	// Maximum number of rows in the page.
	Limit int `query:"limit" default:"1000" minimum:"1" maximum:"5000"`
	// Cursor from the page before; missing for the first page.
	Cursor string `query:"cursor"`
}

// ImageQuery selects images of all hosts.
type ImageQuery struct {
	StockQuery
	// true: only images without a name; false: only images with one.
	Dangling string `query:"dangling" enum:"true,false"`
}

// UsedBy is a container that uses an image, a volume or a network.
type UsedBy struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Image is an image of a host.
type Image struct {
	Host string `json:"host"`
	// Id, with sha256: in front.
	ID string `json:"id"`
	// Names with tags; empty for a dangling image.
	Tags []string `json:"tags"`
	// Digests in registries, as name@sha256:…
	Digests []string `json:"digests"`
	// Time of the build.
	Created time.Time `json:"created"`
	// Size in bytes, including layers shared with other images.
	Size     int64             `json:"size"`
	Dangling bool              `json:"dangling"`
	Labels   map[string]string `json:"labels"`
	// Containers that use it, running or not, as far as the caller sees them.
	UsedBy []UsedBy `json:"used_by"`
}

// Volume is a volume of a host.
type Volume struct {
	Host   string `json:"host"`
	Name   string `json:"name"`
	Driver string `json:"driver"`
	// Missing if the engine doesn't report it.
	Created *time.Time `json:"created,omitempty"`
	// Whether the engine chose its name.
	Anonymous bool              `json:"anonymous"`
	Labels    map[string]string `json:"labels"`
	// Containers that use it, running or not, as far as the caller sees them.
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
	// Whether it is one of the engine's own networks, which can't be removed.
	Builtin bool `json:"builtin"`
	// Missing if the engine doesn't report it.
	Created *time.Time        `json:"created,omitempty"`
	Subnets []string          `json:"subnets"`
	Labels  map[string]string `json:"labels"`
	// Containers that belong to it, running or not, as far as the caller sees them.
	UsedBy []UsedBy `json:"used_by"`
}

// ImagePage is a page of images, with the hosts that were asked.
type ImagePage struct {
	Images []Image      `json:"images"`
	Hosts  []HostAnswer `json:"hosts"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// VolumePage is a page of volumes, with the hosts that were asked.
type VolumePage struct {
	Volumes []Volume     `json:"volumes"`
	Hosts   []HostAnswer `json:"hosts"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// NetworkPage is a page of networks, with the hosts that were asked.
type NetworkPage struct {
	Networks []Network    `json:"networks"`
	Hosts    []HostAnswer `json:"hosts"`
	// Cursor of the next page; empty on the last page.
	Cursor string `json:"cursor"`
}

// PullRequest is a request to pull an image on hosts.
type PullRequest struct {
	// Image name, as for docker pull.
	Image string `json:"image" minLength:"1" maxLength:"1000" example:"registry.example.org/team/app:1"`
	// Host names.
	Hosts []string `json:"hosts" minItems:"1" maxItems:"1000" example:"[\"web-1\"]"`
	// Platform such as linux/arm64; each engine's own if missing.
	Platform string `json:"platform,omitempty" example:"linux/amd64"`
}

// Pull is a pull of an image on some hosts.
type Pull struct {
	ID string `json:"id"`
	// Image name, in docker's canonical form.
	Image string `json:"image"`
	// Platform; empty for each engine's own.
	Platform string `json:"platform"`
	User     string `json:"user"`
	// running, succeeded, failed (on at least one host) or cancelled.
	State string    `json:"state"`
	At    time.Time `json:"at"`
	// Missing while the pull is under way.
	FinishedAt *time.Time `json:"finished_at,omitempty"`
	Hosts      []HostPull `json:"hosts"`
}

// HostPull is one host's part of a pull.
type HostPull struct {
	Host string `json:"host"`
	// running, succeeded, failed or cancelled.
	State string `json:"state"`
	// Step of the most advanced layer: waiting, downloading, extracting, done; empty before the engine reports progress.
	Step string `json:"step"`
	// Number of the image's layers, and of those that are done, as far as known.
	Layers     int `json:"layers"`
	LayersDone int `json:"layers_done"`
	// Bytes downloaded, and in total, as far as known.
	Bytes int64 `json:"bytes"`
	Total int64 `json:"total"`
	// Id of the image, once it is complete.
	ImageID string `json:"image_id"`
	// Digest in the registry; empty if the engine doesn't report it.
	Digest string `json:"digest"`
	// False: the host had the image already.
	Changed bool `json:"changed"`
	// Reason for a failure: unknown, denied, limited, stalled, broken, platform, full, unreachable or other.
	Reason string `json:"reason"`
	// Explanation of the failure.
	Detail string `json:"detail"`
}

// PullEnd is the last frame of a pull's stream.
type PullEnd struct {
	State string `json:"state"`
}

// PruneRequest is a request to remove what nothing uses.
type PruneRequest struct {
	// Kinds: containers, images, volumes, networks.
	What []string `json:"what" minItems:"1" maxItems:"4" example:"[\"images\"]"`
	// Host names; missing means all hosts on which the caller may operate as a whole.
	Hosts []string `json:"hosts,omitempty" maxItems:"1000"`
	// Also images with a name and volumes with a name that a person chose.
	All bool `json:"all,omitempty"`
	// False removes; true or missing only shows what would be removed.
	DryRun *bool `json:"dry_run,omitempty" example:"true"`
	// Remove nothing but these items of a dry run; missing means everything that nothing uses.
	Only []PruneOnly `json:"only,omitempty" maxItems:"4000"`
}

// PruneOnly lists items of one kind from a dry run.
type PruneOnly struct {
	Host string `json:"host"`
	// containers, images, volumes or networks.
	What string `json:"what"`
	// Names, or ids or their prefixes of at least 12 digits.
	IDs []string `json:"ids"`
}

// Pruned is the list of what was removed, or would be.
type Pruned struct {
	DryRun bool        `json:"dry_run"`
	Items  []PruneItem `json:"items"`
	// Bytes that are freed at least, or would be: data that several of the images share isn't counted.
	Freed int64        `json:"freed"`
	Hosts []HostAnswer `json:"hosts"`
}

// PruneItem is an item that nothing uses.
type PruneItem struct {
	Host string `json:"host"`
	// containers, images, volumes or networks.
	What string `json:"what"`
	ID   string `json:"id"`
	Name string `json:"name"`
	// Bytes that its removal frees at least.
	Bytes int64 `json:"bytes"`
	// planned, removed or kept.
	State string `json:"state"`
	// Reason why it is kept.
	Detail string `json:"detail"`
}
