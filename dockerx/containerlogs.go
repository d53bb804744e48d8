package dockerx

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/engine"
	"wharf/dockerx/events"
	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// longReads is how many long reads of logs (searches, downloads) run on a host at once. Others wait.
const longReads = 4

// maxLogOpen is how long an engine may take to begin its answer with a log: it searches for the tail first.
const maxLogOpen = 30 * time.Second

// LogSource returns the container's log. Errors: apperr.Invalid if its log driver keeps no lines.
func (h *Host) LogSource(d *containers.Details) (logs.Source, error) {
	if d.Log.Driver == "none" {
		return nil, apperr.New(apperr.Invalid, "container %s has the log driver none: its lines are not kept anywhere", d.ID[:12])
	}
	return &logSource{h: h, id: d.ID, tty: d.Log.TTY, file: d.Log.FileBytes}, nil
}

// maxLogDetails bounds the containers whose log settings are cached.
const maxLogDetails = 4096

// LogDetails returns the details that LogSource needs for a container of the list; other fields may be empty. The engine is
// asked only once for each container, since a container's log settings never change. Errors: those of Resolve.
func (h *Host) LogDetails(ctx context.Context, row containers.Container) (*containers.Details, error) {
	h.mu.Lock()
	log, known := h.logDetails[row.ID]
	h.mu.Unlock()
	if known {
		return &containers.Details{ID: row.ID, Name: "/" + row.Name, Created: row.Created.Format(time.RFC3339Nano), Log: log}, nil
	}
	d, err := h.Resolve(ctx, row.Ref())
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.logDetails == nil || len(h.logDetails) >= maxLogDetails {
		h.logDetails = map[string]containers.Log{}
	}
	h.logDetails[d.ID] = d.Log
	return d, nil
}

// FollowLog subscribes to the lines that the container logs from now on. All subscribers of a container share one request
// to the engine. See logs.Hub.Subscribe.
func (h *Host) FollowLog(id string, src logs.Source, notify func()) *logs.Subscription {
	return h.logHub.Subscribe(id, src, notify)
}

// LogUpstreams returns how many of the host's logs are followed.
func (h *Host) LogUpstreams() int { return h.logHub.Upstreams() }

// LongRead waits for one of the host's slots for long reads of logs. The caller must call leave to free it.
func (h *Host) LongRead(ctx context.Context) (leave func(), err error) {
	select {
	case h.longReads <- struct{}{}:
		return func() { <-h.longReads }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// LogSourceKind says where logs are searched (setting LOGS_SOURCE).
type LogSourceKind string

// The kinds. The zero value is AutoLogs.
const (
	AutoLogs   LogSourceKind = "auto"   // files if the engine runs on this machine and they can be read, else the engine
	EngineLogs LogSourceKind = "engine" // only the engine
	FileLogs   LogSourceKind = "files"  // only files
)

// LogFiles opens the files of a container's log on this machine. Errors: logs.ErrNoFiles if they can't be read or the
// settings forbid it.
func (h *Host) LogFiles(ctx context.Context, log containers.Log, src logs.Source) (*logs.Files, error) {
	if h.opts.Logs == EngineLogs || log.Driver != "json-file" || log.Path == "" || !strings.HasPrefix(h.addr, "unix://") {
		return nil, h.noLogFiles(logs.ErrNoFiles)
	}
	f, err := logs.OpenFiles(ctx, src, log.Path)
	return f, h.noLogFiles(err)
}

// LogFilesOnly reports whether logs are searched only in files: without files, the engine must not be asked instead.
func (h *Host) LogFilesOnly() bool { return h.opts.Logs == FileLogs }

// noLogFiles turns logs.ErrNoFiles into an error that a user may see, if the engine must not be asked instead.
func (h *Host) noLogFiles(err error) error {
	if errors.Is(err, logs.ErrNoFiles) && h.LogFilesOnly() {
		return apperr.Wrap(apperr.Invalid, err, "the log's files can't be read on wharf's machine (LOGS_SOURCE=files)")
	}
	return err
}

// wakeLogs wakes waiting followers of logs when their container or the engine may be back.
func (h *Host) wakeLogs(e events.Event) {
	switch {
	case e.Kind == events.KindHost && e.Action == "connected", e.Kind == events.KindGap:
		h.logHub.Wake("")
	case e.Kind == events.KindDocker && e.Type == "container":
		switch e.Action {
		case "start", "restart", "unpause", "destroy", "remove":
			h.logHub.Wake(e.ActorID)
		}
	}
}

// logSource is one container's log.
type logSource struct {
	h    *Host
	id   string
	tty  bool
	file int64
}

func (s *logSource) TTY() bool        { return s.tty }
func (s *logSource) FileBytes() int64 { return s.file }

func (s *logSource) Open(ctx context.Context, q logs.Query) (io.ReadCloser, error) {
	return open(ctx, s.h, "read the log", max(maxLogOpen, s.h.readLimit), func(ctx context.Context, e engine.Follows) (io.ReadCloser, error) {
		return e.ContainerLogs(ctx, s.id, q)
	})
}

func (s *logSource) Running(ctx context.Context) (bool, error) {
	d, err := s.h.inspect(ctx, s.id)
	if err != nil {
		return false, err
	}
	return d.State.Running, nil
}
