package containers

import "time"

// Container is one row of a host's list, running or not.
type Container struct {
	ID      string // 64 hex digits
	Name    string // without '/'; never a link alias
	Image   string // as the engine shows it: a tag, or an id if the tag now names another image
	State   string // created, running, paused, restarting, removing, exited, dead
	Status  string // the engine's text: "Up 2 hours"
	Created time.Time
	Labels  map[string]string // never nil
}

// Running reports whether the container has a process, paused or not.
func (c *Container) Running() bool {
	return c.State == "running" || c.State == "paused" || c.State == "restarting"
}

// Ref returns the reference to the container by its full id.
func (c *Container) Ref() Ref { return Ref{c.ID} }

// size returns the number of bytes of the row's texts.
func (c *Container) size() int {
	n := len(c.ID) + len(c.Name) + len(c.Image) + len(c.State) + len(c.Status)
	for k, v := range c.Labels {
		n += len(k) + len(v)
	}
	return n
}
