package engine

import (
	"context"
	"io"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"

	"wharf/dockerx/connect"
	"wharf/dockerx/images"
	"wharf/dockerx/logs"
	"wharf/dockerx/wire"
)

// API is the set of calls to one engine that wharf uses. It is an interface so that a test can provide an engine that hangs,
// lies or disconnects. Its three parts belong to the three ways to call an engine (dockerx/call.go): Reads to call, Changes to
// change, Follows to open.
type API interface {
	Reads
	Changes
	Follows
}

// Reads are the calls whose answer is read completely before dockerx's call returns.
type Reads interface {
	// Alive pings the engine and returns its time, truncated to the second (zero: unknown).
	Alive(ctx context.Context) (time.Time, error)
	Info(ctx context.Context) (system.Info, error)
	ServerVersion(ctx context.Context) (types.Version, error)
	// ClientVersion returns the API version in use, for example "1.41", without a request.
	ClientVersion() string
	// ContainerList returns the body of the list of all containers, which the caller reads and closes.
	ContainerList(ctx context.Context) (io.ReadCloser, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	// ContainerTop runs ps on the engine's host; nil arguments mean the engine's default.
	ContainerTop(ctx context.Context, id string, arguments []string) (container.TopResponse, error)
	ContainerExecInspect(ctx context.Context, id string) (container.ExecInspect, error)
	// ImageList, VolumeList, NetworkList and Sizes return bodies, too; Sizes has the sizes on disk of everything.
	ImageList(ctx context.Context) (io.ReadCloser, error)
	VolumeList(ctx context.Context) (io.ReadCloser, error)
	NetworkList(ctx context.Context) (io.ReadCloser, error)
	Sizes(ctx context.Context) (io.ReadCloser, error)
	// RawContainer and RawImage return the answer to an inspect undecoded.
	RawContainer(ctx context.Context, id string) ([]byte, error)
	RawImage(ctx context.Context, name string) ([]byte, error)
	DistributionInspect(ctx context.Context, name, auth string) (registry.DistributionInspect, error)
	ImageInspect(ctx context.Context, name string, options ...client.ImageInspectOption) (image.InspectResponse, error)
	// The remaining calls return the shapes of Docker's API, for Docker's own tools: see package wire.
	ContainerRows(ctx context.Context, all, size bool) (io.ReadCloser, error)
	ContainerWire(ctx context.Context, id string, size bool) (*wire.Container, error)
	ImageRows(ctx context.Context, all bool) ([]wire.Image, error)
	InfoWire(ctx context.Context) (wire.Info, error)
}

// Changes are the calls that change something. ContainerStart and ContainerStop return connect.ErrNotModified when the
// engine answers 304.
type Changes interface {
	ContainerStart(ctx context.Context, id string, options container.StartOptions) error
	ContainerStop(ctx context.Context, id string, options container.StopOptions) error
	ContainerRestart(ctx context.Context, id string, options container.StopOptions) error
	ContainerPause(ctx context.Context, id string) error
	ContainerUnpause(ctx context.Context, id string) error
	ContainerKill(ctx context.Context, id, signal string) error
	ContainerRename(ctx context.Context, id, name string) error
	ContainerUpdate(ctx context.Context, id string, config container.UpdateConfig) error
	ContainerRemove(ctx context.Context, id string, options container.RemoveOptions) error
	// ContainerCreate creates a container from the body of a create request, and returns its id.
	ContainerCreate(ctx context.Context, name string, body []byte) (string, error)
	// NetworkConnect connects a container to a network; endpoint is the body's EndpointConfig.
	NetworkConnect(ctx context.Context, network, id string, endpoint []byte) error
	NetworkDisconnect(ctx context.Context, network, id string, force bool) error
	ContainerExecCreate(ctx context.Context, id string, options container.ExecOptions) (container.ExecCreateResponse, error)
	ContainerExecResize(ctx context.Context, id string, size container.ResizeOptions) error
	ContainerResize(ctx context.Context, id string, size container.ResizeOptions) error
	ImageTag(ctx context.Context, id, name string) error
	VolumeRemove(ctx context.Context, name string, force bool) error
	NetworkRemove(ctx context.Context, id string) error
	ImageRemove(ctx context.Context, name string, options image.RemoveOptions) ([]image.DeleteResponse, error)
}

// Follows are the calls whose answer or connection the caller uses at its own pace and closes.
type Follows interface {
	// ContainerStats returns one sample, or, with stream, an endless stream of one sample a second.
	ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error)
	// ContainerLogs returns a container's log, both output streams with timestamps; see package logs.
	ContainerLogs(ctx context.Context, id string, q logs.Query) (io.ReadCloser, error)
	// ImagePull pulls an image; the body has a line for each step. auth is the value of X-Registry-Auth, or empty.
	ImagePull(ctx context.Context, r images.Ref, platform, auth string) (io.ReadCloser, error)
	// Events returns the open event stream, one event on each line, and the engine's time, truncated to the second (zero:
	// unknown). If since isn't zero, the stream begins with a replay of the events since then, inclusive.
	Events(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error)
	// ExecStart starts an exec that was created before, and returns the connection to its input and output. Without
	// tty, output comes in frames: see CopyOutput.
	ExecStart(ctx context.Context, id string, tty bool) (*connect.Conn, error)
	// ContainerAttach returns the connection to the output of a container's main process from now on, and, with input, to
	// its input.
	ContainerAttach(ctx context.Context, id string, input bool) (*connect.Conn, error)
}
