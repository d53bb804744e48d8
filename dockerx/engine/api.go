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

// API is the calls to one engine that are in use, and no more, so that a test can put an engine there that hangs,
// lies or breaks off. Its three parts go with the three ways to call an engine (dockerx/call.go): what is read goes through
// call, what is changed through change, what is followed through open.
type API interface {
	Reads
	Changes
	Follows
}

// Reads are the questions whose answer is read before call returns.
type Reads interface {
	// Alive pings, and returns the engine's time, cut to the second (zero: unknown).
	Alive(ctx context.Context) (time.Time, error)
	Info(ctx context.Context) (system.Info, error)
	ServerVersion(ctx context.Context) (types.Version, error)
	// ClientVersion is the API version in use, as "1.41". It asks nothing.
	ClientVersion() string
	// ContainerList is the answer's body, all containers in it, for the caller to read and close.
	ContainerList(ctx context.Context) (io.ReadCloser, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	// ContainerTop runs ps on the engine's host; nil arguments are the engine's own.
	ContainerTop(ctx context.Context, id string, arguments []string) (container.TopResponse, error)
	ContainerExecInspect(ctx context.Context, id string) (container.ExecInspect, error)
	// ImageList, VolumeList, NetworkList and Sizes are bodies, too; Sizes is what everything holds.
	ImageList(ctx context.Context) (io.ReadCloser, error)
	VolumeList(ctx context.Context) (io.ReadCloser, error)
	NetworkList(ctx context.Context) (io.ReadCloser, error)
	Sizes(ctx context.Context) (io.ReadCloser, error)
	// RawContainer and RawImage are the answers of inspect as they came.
	RawContainer(ctx context.Context, id string) ([]byte, error)
	RawImage(ctx context.Context, name string) ([]byte, error)
	DistributionInspect(ctx context.Context, name, auth string) (registry.DistributionInspect, error)
	ImageInspect(ctx context.Context, name string, options ...client.ImageInspectOption) (image.InspectResponse, error)
	// The rest is for Docker's own tools, in Docker's shapes: see package wire.
	ContainerRows(ctx context.Context, all, size bool) (io.ReadCloser, error)
	ContainerWire(ctx context.Context, id string, size bool) (*wire.Container, error)
	ImageRows(ctx context.Context, all bool) ([]wire.Image, error)
	InfoWire(ctx context.Context) (wire.Info, error)
}

// Changes are the engine calls of operations. ContainerStart and ContainerStop return connect.ErrNotModified where the
// engine says 304.
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
	// ContainerCreate creates a container of the body of such a request, and returns its id.
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

// Follows are the answers that the caller reads at its own pace, for as long as it likes, and closes.
type Follows interface {
	// ContainerStats is one sample, or with stream one a second without end.
	ContainerStats(ctx context.Context, id string, stream bool) (io.ReadCloser, error)
	// ContainerLogs is a container's log, of both streams and with times; see package logs.
	ContainerLogs(ctx context.Context, id string, q logs.Query) (io.ReadCloser, error)
	// ImagePull pulls an image; the body has a line for each step. auth is the value of X-Registry-Auth, or empty.
	ImagePull(ctx context.Context, r images.Ref, platform, auth string) (io.ReadCloser, error)
	// Events is the open stream, to be read line by line, and the engine's time, cut to the second (zero: unknown).
	// A since that isn't zero replays from there on, inclusive.
	Events(ctx context.Context, since time.Time) (io.ReadCloser, time.Time, error)
	// ExecStart starts an exec that was created before, and returns the connection to its input and output. Without
	// tty, output comes in frames: see CopyOutput.
	ExecStart(ctx context.Context, id string, tty bool) (*connect.Conn, error)
	// ContainerAttach returns the connection to the output, and with input to the input, of a container's first process
	// from now on.
	ContainerAttach(ctx context.Context, id string, input bool) (*connect.Conn, error)
}
