package images

import (
	"slices"
	"strings"
	"time"

	"wharf/util/memo"
)

// maxRows is the maximum number of rows of a list.
const maxRows = 50_000

// Row is one image of a host's list.
type Row struct {
	ID      string   // sha256:…
	Tags    []string // name:tag; empty for a dangling one
	Digests []string // name@sha256:…
	Created time.Time
	Size    int64 // bytes, including shared layers
	Labels  map[string]string
}

// Dangling reports whether the image has no name.
func (r *Row) Dangling() bool { return len(r.Tags) == 0 }

// Volume is one volume of a host.
type Volume struct {
	Name    string
	Driver  string
	Created time.Time // zero if the engine doesn't report it
	Labels  map[string]string
}

// anonymousLabel is a label that Docker, from version 23 on, gives to volumes whose names it generates.
const anonymousLabel = "com.docker.volume.anonymous"

// Anonymous reports whether the engine generated the volume's name.
func (v *Volume) Anonymous() bool {
	_, labelled := v.Labels[anonymousLabel]
	return labelled || len(v.Name) == 64 && strings.Trim(v.Name, "0123456789abcdef") == ""
}

// Network is one network of a host.
type Network struct {
	ID       string
	Name     string
	Driver   string
	Scope    string // local, swarm, global
	Internal bool
	Created  time.Time
	Subnets  []string
	Labels   map[string]string
}

// Builtin reports whether the network is one of the engine's own, which can't be removed.
func (n *Network) Builtin() bool {
	return slices.Contains([]string{"bridge", "host", "none", "podman", "ingress", "docker_gwbridge"}, n.Name)
}

// Use is what one container uses.
type Use struct {
	ID, Name string
	State    string
	Created  time.Time
	Image    string // the image's id
	Labels   map[string]string
	Volumes  []string // names
	Networks []string // names and ids
	Bytes    int64    // of the container's own files, if the list was requested with sizes; else 0
}

// Lists of a host. They are immutable and shared between callers; their Memo holds values that callers derive from them.
type (
	// Rows are a host's images, newest first.
	Rows struct {
		Images []Row
		memo.Memo
	}
	// Volumes are a host's volumes, sorted by name.
	Volumes struct {
		Volumes []Volume
		memo.Memo
	}
	// Networks are a host's networks, sorted by name.
	Networks struct {
		Networks []Network
		memo.Memo
	}
	// Uses are the images, volumes and networks that a host's containers use, running or not.
	Uses struct {
		Containers []Use
		memo.Memo
	}
)
