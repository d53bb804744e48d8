package dockerx

import (
	"context"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"

	"wharf/dockerx/connect"
	"wharf/dockerx/engine"
)

// Status is the last known state of a host. Unknown fields are zero.
type Status struct {
	State       HostState
	Since       time.Time         // when State was entered
	LastError   connect.FaultKind // "" if there was none
	LastErrorAt time.Time
	Streaming   bool // its events are being read
	EngineInfo
	// Containers is the number of containers in each state; nil if unknown.
	Containers map[string]int
	// CertificateExpiry is when wharf's certificate or the engine's expires, whichever comes first.
	CertificateExpiry time.Time
}

// EngineInfo is what an engine last reported about itself.
type EngineInfo struct {
	EngineVersion string
	APIVersion    string // the engine's newest; calls use the newest that both sides support
	OS            string
	Arch          string
	CPUs          int
	Memory        int64         // bytes
	ClockSkew     time.Duration // how far the engine's clock is ahead of wharf's
	Latency       time.Duration // of the last ping
}

// infoEvery is how often a host that stays up is asked about itself.
const infoEvery = time.Minute

// Status returns the host's last known status, without asking the host.
func (h *Host) Status() Status {
	if s := h.elsewhere(); s != nil {
		return *s
	}
	var s Status
	s.State, s.Since, s.LastError, s.LastErrorAt = h.health.current()
	s.Streaming = h.streamUp()
	s.CertificateExpiry = h.transport.CertificateExpiry()
	if h.opts.Led { // replicas must report the same counts, but not each has a cached list
		s.Containers = h.countedStates()
	} else {
		s.Containers = h.keptCounts()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.EngineInfo = h.info
	if h.opts.Led {
		s.EngineInfo = h.shown
	}
	return s
}

// Check asks the host for its state, even if it is known to be down, and returns the new status. Errors: those of List.
func (h *Host) Check(ctx context.Context) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, h.readLimit)
	defer cancel()
	_, err := h.connect(ctx)
	if err == nil {
		err = h.refreshInfo(ctx)
	} else {
		err = classify(ctx, h.name, "ping", err)
	}
	return h.Status(), err
}

// watch refreshes the engine's information after each new connection, and once a minute.
func (h *Host) watch(ctx context.Context) {
	timer := time.NewTimer(infoEvery) // not at once: the reader connects now, which triggers the first refresh
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.connected:
		case <-timer.C:
		}
		if err := h.refreshInfo(ctx); err != nil && ctx.Err() == nil {
			h.log.Debug().Err(err).Msg("docker host tells nothing of itself")
		}
		timer.Reset(infoEvery)
	}
}

// refreshInfo asks the engine about itself and stores the answer in h.info.
func (h *Host) refreshInfo(ctx context.Context) error {
	began := time.Now()
	info, err := call(ctx, h, "ask for information", h.readLimit, func(ctx context.Context, e engine.Reads) (system.Info, error) {
		return e.Info(ctx)
	})
	if err != nil {
		return err
	}
	middle := began.Add(time.Since(began) / 2)
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.infoChanged()
	f := &h.info
	f.EngineVersion, f.OS, f.Arch = info.ServerVersion, info.OperatingSystem, info.Architecture
	f.CPUs, f.Memory = info.NCPU, info.MemTotal
	if now, err := time.Parse(time.RFC3339Nano, info.SystemTime); err == nil {
		f.ClockSkew = now.Sub(middle)
	}
	return nil
}

// ErrorPrefix is the prefix of messages that come from an engine. Docker's own tools add it themselves.
const ErrorPrefix = connect.ErrorPrefix

// EngineVersion is an engine's version and build.
type EngineVersion struct {
	Platform, Version, GitCommit, GoVersion, OS, Arch, Kernel, BuildTime string
}

// EngineVersion asks the engine for its version and build. Errors: Unavailable, Daemon.
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

// APIVersion returns the API version in use with the engine, for example "1.41": the newest that both sides support. It asks
// the engine only if that hasn't been done since the last failure. Errors: Unavailable.
func (h *Host) APIVersion(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, h.pingLimit)
	defer cancel()
	eng, err := h.engine(ctx)
	if err != nil {
		return "", classify(ctx, h.name, "ping", err)
	}
	return eng.ClientVersion(), nil
}
