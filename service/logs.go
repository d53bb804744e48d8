package service

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/containers"
	enginelogs "wharf/dockerx/logs"
	"wharf/service/logs"
	"wharf/util/apperr"
)

// The audited actions that read the logs of several containers.
const (
	ActionLogsSearch   = "logs.search"
	ActionLogsDownload = "logs.download"
)

const (
	// MaxLogs is the maximum number of containers in one answer.
	MaxLogs = 100
	// inspectsAtOnce bounds the concurrent inspects at the start of an answer with many containers.
	inspectsAtOnce = 16
	// successorEvery is the interval between searches for a container with a removed container's name.
	successorEvery = 250 * time.Millisecond
)

// LogsPermission returns the permission for reading logs: View, or Operate with LOGS_ROLE=operator, since a program may log
// values that wharf masks elsewhere. For a nil *Hosts it is View.
func (s *Hosts) LogsPermission() Permission {
	if s == nil || !s.logsByOperators {
		return View
	}
	return Operate
}

// LogsForOperators restricts reading logs to operators. It must be called before the first request.
func (s *Hosts) LogsForOperators() { s.logsByOperators = true }

// OmittedLog is a container that the request selected but whose log isn't part of the answer.
type OmittedLog struct {
	Host, ID, Name string
	Reason         string
}

// Log returns a container's log. Errors: NotFound; Forbidden; Invalid if its log driver stores none.
func (s *Hosts) Log(ctx context.Context, actor Actor, host string, ref containers.Ref) (*logs.Container, error) {
	h, err := s.Open(ctx, actor, host, s.LogsPermission())
	if err != nil {
		return nil, err
	}
	if c, err := h.listedLog(ctx, ref); c != nil || err != nil {
		return c, err
	}
	d, err := h.resolve(ctx, ref, h.need)
	if err != nil {
		return nil, err
	}
	return h.log(d)
}

// listedLog finds the container in the host's shared list, which saves one inspect per viewer. It returns nil if the
// container isn't in the list.
func (h *Host) listedLog(ctx context.Context, ref containers.Ref) (*logs.Container, error) {
	list, err := h.Containers(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // the caller queries the engine instead
	}
	row, err := containers.Find(list.Containers, ref)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // likewise
	}
	if !h.may(h.need, row.Labels) {
		return nil, errForbidden
	}
	d, err := h.host.LogDetails(ctx, *row)
	if err != nil {
		return nil, err
	}
	return h.log(d)
}

func (h *Host) log(d *containers.Details) (*logs.Container, error) {
	src, err := h.host.LogSource(d)
	if err != nil {
		return nil, err
	}
	created, _ := time.Parse(time.RFC3339Nano, d.Created)
	host := h.host
	id, log := d.ID, d.Log // so that a stream doesn't keep the whole inspect in memory
	return &logs.Container{
		Host: host.Name(), ID: d.ID, Name: strings.TrimPrefix(d.Name, "/"), Driver: d.Log.Driver, Created: created, Source: src,
		Follow:    func(notify func()) *enginelogs.Subscription { return host.FollowLog(id, src, notify) },
		LongRead:  host.LongRead,
		Files:     func(ctx context.Context) (*enginelogs.Files, error) { return host.LogFiles(ctx, log, src) },
		FilesOnly: host.LogFilesOnly(),
	}, nil
}

// Logs returns the logs of the containers that a filter selects, at most MaxLogs, in the order of hosts and names. If a host
// doesn't answer, its HostResult has the error. Errors: NotFound for a host in the filter that doesn't exist.
func (s *Hosts) Logs(ctx context.Context, actor Actor, f ContainerFilter) ([]*logs.Container, []OmittedLog, []HostResult, error) {
	hosts, lists, results, err := s.lists(ctx, actor, f.Hosts)
	if err != nil {
		return nil, nil, nil, err
	}
	picked, omitted := s.pickLogs(hosts, lists, results, f)
	found := make([]*logs.Container, len(picked))
	reasons := make([]string, len(picked))
	slots := make(chan struct{}, inspectsAtOnce)
	var asking sync.WaitGroup
	for i, p := range picked {
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			found[i], reasons[i] = p.host.logOf(ctx, p.row)
		})
	}
	asking.Wait()
	for i, p := range picked {
		if found[i] == nil {
			omitted = append(omitted, p.omit(reasons[i]))
		}
	}
	return slices.DeleteFunc(found, func(c *logs.Container) bool { return c == nil }), omitted, results, nil
}

// pickedLog is a container that a filter selected.
type pickedLog struct {
	host *Host
	row  containers.Container
}

func (p *pickedLog) omit(reason string) OmittedLog {
	return OmittedLog{p.host.host.Name(), p.row.ID, p.row.Name, reason}
}

// pickLogs returns the containers that a filter selects: those whose logs the actor may read, and those omitted.
func (s *Hosts) pickLogs(hosts []*Host, lists []*containers.List, results []HostResult, f ContainerFilter) (picked []pickedLog, omitted []OmittedLog) {
	for i, list := range lists {
		if list == nil {
			continue
		}
		var here []pickedLog
		for _, c := range list.Containers {
			shown := c
			shown.Labels = hosts[i].shownLabels(c.Labels) // before matching: a filter must not reveal masked values
			if f.matches(results[i].Host, &shown) {
				here = append(here, pickedLog{hosts[i], c})
			}
		}
		slices.SortStableFunc(here, func(a, b pickedLog) int { return strings.Compare(a.row.Name, b.row.Name) })
		for _, p := range here {
			switch {
			case !p.host.may(s.LogsPermission(), p.row.Labels):
				omitted = append(omitted, p.omit("not allowed"))
			case len(picked) == MaxLogs:
				omitted = append(omitted, p.omit("more than 100 containers"))
			default:
				picked = append(picked, p)
			}
		}
	}
	return picked, omitted
}

// logOf returns the log of a container in the list, or the reason why there is none.
func (h *Host) logOf(ctx context.Context, row containers.Container) (*logs.Container, string) {
	d, err := h.host.LogDetails(ctx, row)
	if err == nil {
		var c *logs.Container
		if c, err = h.log(d); err == nil {
			return c, ""
		}
	}
	if e, ok := apperr.As(err); ok && e.Kind != apperr.Internal {
		return nil, e.Msg
	}
	return nil, "no answer in time"
}

// SuccessorOf returns a function that waits until a new container has the name of a removed one, on the same host, and
// returns the new container's log for the same actor.
func (s *Hosts) SuccessorOf(actor Actor) func(ctx context.Context, gone *logs.Container) (*logs.Container, error) {
	return func(ctx context.Context, gone *logs.Container) (*logs.Container, error) {
		tick := time.NewTicker(successorEvery)
		defer tick.Stop()
		for {
			if c := s.successor(ctx, actor, gone); c != nil {
				return c, nil
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

func (s *Hosts) successor(ctx context.Context, actor Actor, gone *logs.Container) *logs.Container {
	h, err := s.Open(ctx, actor, gone.Host, View)
	if err != nil {
		return nil
	}
	list, err := h.Containers(ctx)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(list.Containers, func(c containers.Container) bool {
		return c.Name == gone.Name && c.ID != gone.ID && h.may(s.LogsPermission(), c.Labels)
	})
	if i < 0 {
		return nil
	}
	c, _ := h.logOf(ctx, list.Containers[i])
	return c
}

// AuditLogs records in the audit that an actor searched or downloaded the logs of several containers.
func (s *Hosts) AuditLogs(ctx context.Context, actor Actor, action, target string) error {
	return s.audit.RecordDone(ctx, actor, Intent{Action: action, Target: target}, nil)
}
