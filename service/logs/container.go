package logs

import (
	"context"
	"time"

	"wharf/dockerx/logs"
)

// Container is one container whose log is read.
type Container struct {
	Host, ID, Name string
	Driver         string // of the log
	Created        time.Time
	Source         logs.Source
	// Follow subscribes to the container's future lines.
	Follow func(notify func()) *logs.Subscription
	// LongRead waits for one of the places for long reads; leave releases it.
	LongRead func(ctx context.Context) (leave func(), err error)
	// Files opens the log's own files. Errors: logs.ErrNoFiles if they must not or can't be read.
	Files func(ctx context.Context) (*logs.Files, error)
	// FilesOnly is true if the log must not be read from the engine instead.
	FilesOnly bool
}

// Lines are lines of one container: the lines of Batch whose indexes are in Only, or all if Only is nil.
type Lines struct {
	Container *Container
	Index     int // of the container among the requested ones
	Batch     *logs.Batch
	Only      []int
}

// Gap is a time span in which lines of a container may be missing.
type Gap struct {
	Container *Container
	logs.Gap
}
