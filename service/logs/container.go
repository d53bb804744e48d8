package logs

import (
	"context"
	"time"

	"wharf/dockerx/logs"
)

// Container is one container whose log is read.
type Container struct {
	Host, ID, Name string
	Driver         string // of its log
	Created        time.Time
	Source         logs.Source
	// Follow subscribes to what the container logs from now on.
	Follow func(notify func()) *logs.Subscription
	// LongRead waits for a place for a long reading; leave gives it back.
	LongRead func(ctx context.Context) (leave func(), err error)
	// Files opens the log's own files. Errors: logs.ErrNoFiles where they aren't to be read, or can't be.
	Files func(ctx context.Context) (*logs.Files, error)
	// FilesOnly is true where the engine isn't to be asked instead.
	FilesOnly bool
}

// Lines are lines of one container: those of a batch whose numbers are in Only, or with nil all.
type Lines struct {
	Container *Container
	Index     int // of the container among those that were asked for
	Batch     *logs.Batch
	Only      []int
}

// Gap says where lines of a container may be missing.
type Gap struct {
	Container *Container
	logs.Gap
}
