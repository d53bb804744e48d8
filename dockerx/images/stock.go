package images

import (
	"slices"
	"strings"
	"time"

	"wharf/util/memo"
)

// maxRows is how many images, volumes or networks a host may have.
const maxRows = 50_000

// Row is one image of a host's list.
type Row struct {
	ID      string   // sha256:…
	Tags    []string // name:tag; empty for a dangling one
	Digests []string // name@sha256:…
	Created time.Time
	Size    int64 // bytes, with the layers that it shares
	Labels  map[string]string
}

// Dangling reports whether the image has no name.
func (r *Row) Dangling() bool { return len(r.Tags) == 0 }

// Volume is one volume of a host.
type Volume struct {
	Name    string
	Driver  string
	Created time.Time // zero where the engine doesn't say
	Labels  map[string]string
}

// anonymousLabel is on volumes that got their name from the engine, from Docker 23 on.
const anonymousLabel = "com.docker.volume.anonymous"

// Anonymous reports whether the volume got its name from the engine.
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

// Builtin reports whether the network is the engine's own, which can't be removed.
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
	Bytes    int64    // of its own file system, where it was asked for; else 0
}

// Lists of a host, immutable and shared between callers; their Memo keeps what these make of it.
type (
	// Rows are a host's images, the newest first.
	Rows struct {
		Images []Row
		memo.Memo
	}
	// Volumes are a host's volumes, by name.
	Volumes struct {
		Volumes []Volume
		memo.Memo
	}
	// Networks are a host's networks, by name.
	Networks struct {
		Networks []Network
		memo.Memo
	}
	// Uses are what a host's containers use, running or not.
	Uses struct {
		Containers []Use
		memo.Memo
	}
)
