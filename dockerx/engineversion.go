package dockerx

import (
	"context"

	"github.com/docker/docker/api/types"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// ErrorPrefix begins the messages of what an engine itself said; Docker's tools put it there by themselves.
const ErrorPrefix = connect.ErrorPrefix

// EngineVersion is what an engine says of its build.
type EngineVersion struct {
	Platform, Version, GitCommit, GoVersion, OS, Arch, Kernel, BuildTime string
}

// EngineVersion asks the engine for its build. Errors: Unavailable, Daemon.
func (h *Host) EngineVersion(ctx context.Context) (EngineVersion, error) {
	return call(ctx, h, "ask for the version", h.readLimit, func(ctx context.Context, e engine.Reads) (EngineVersion, error) {
		v, err := e.ServerVersion(ctx)
		return engineVersionOf(&v), err
	})
}

func engineVersionOf(v *types.Version) EngineVersion {
	return EngineVersion{
		Platform: v.Platform.Name, Version: v.Version, GitCommit: v.GitCommit, GoVersion: v.GoVersion,
		OS: v.Os, Arch: v.Arch, Kernel: v.KernelVersion, BuildTime: v.BuildTime,
	}
}

// APIVersion returns the API version in use with the engine, as "1.41": the newest that both sides speak. It asks only an
// engine that hasn't been asked since its last failure. Errors: Unavailable.
func (h *Host) APIVersion(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, h.pingLimit)
	defer cancel()
	eng, err := h.engine(ctx)
	if err != nil {
		return "", classify(ctx, h.name, "ping", err)
	}
	return eng.ClientVersion(), nil
}
