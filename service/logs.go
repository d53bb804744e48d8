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

// The actions that are audited of readings of more than one container's log.
const (
	ActionLogsSearch   = "logs.search"
	ActionLogsDownload = "logs.download"
)

const (
	// MaxLogs is how many containers' logs one answer may have.
	MaxLogs = 100
	// inspectsAtOnce bounds the inspects by which an answer of many containers begins.
	inspectsAtOnce = 16
	// successorEvery is how often a removed container's name is looked for.
	successorEvery = 250 * time.Millisecond
)

// LogsPermission is what reading logs asks for: View, or Operate with LOGS_ROLE=operator, since a program may log what
// masking hides elsewhere. Without a door it is View.
func (s *Hosts) LogsPermission() Permission {
	if s == nil || !s.logsByOperators {
		return View
	}
	return Operate
}

// LogsForOperators has logs read by operators alone. It is called before the first request.
func (s *Hosts) LogsForOperators() { s.logsByOperators = true }

// OmittedLog is a container that was meant and is not part of an answer.
type OmittedLog struct {
	Host, ID, Name string
	Reason         string
}

// Log returns a container's log. Errors: NotFound; Forbidden; Invalid where its driver keeps none.
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

// listedLog finds the container in the host's list, which is shared, and spares an inspect for each of many viewers. It
// returns nil where the list doesn't have it.
func (h *Host) listedLog(ctx context.Context, ref containers.Ref) (*logs.Container, error) {
	list, err := h.Containers(ctx)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // the engine itself is asked
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
	id, log := d.ID, d.Log // a stream must not hold all of an inspect
	return &logs.Container{
		Host: host.Name(), ID: d.ID, Name: strings.TrimPrefix(d.Name, "/"), Driver: d.Log.Driver, Created: created, Source: src,
		Follow:    func(notify func()) *enginelogs.Subscription { return host.FollowLog(id, src, notify) },
		LongRead:  host.LongRead,
		Files:     func(ctx context.Context) (*enginelogs.Files, error) { return host.LogFiles(ctx, log, src) },
		FilesOnly: host.LogFilesOnly(),
	}, nil
}

// Logs returns the logs of the containers that a filter picks, MaxLogs at most, in the order of hosts and names. A host
// that doesn't answer says why in its result. Errors: NotFound for a host in the filter that doesn't exist.
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

// pickedLog is a container that a filter picked.
type pickedLog struct {
	host *Host
	row  containers.Container
}

func (p *pickedLog) omit(reason string) OmittedLog {
	return OmittedLog{p.host.host.Name(), p.row.ID, p.row.Name, reason}
}

// pickLogs returns what of the lists a filter picks and the actor may read.
func (s *Hosts) pickLogs(hosts []*Host, lists []*containers.List, results []HostResult, f ContainerFilter) (picked []pickedLog, omitted []OmittedLog) {
	for i, list := range lists {
		if list == nil {
			continue
		}
		var here []pickedLog
		for _, c := range list.Containers {
			shown := c
			shown.Labels = hosts[i].shownLabels(c.Labels) // first: a filter must not tell what is masked
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

// logOf returns the log of a container of the list, or why there is none.
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

// SuccessorOf returns a function that waits for the container that takes the name of one that was removed, on the same
// host and for the same actor.
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

// AuditLogs writes down that an actor searched or downloaded the logs of several containers.
func (s *Hosts) AuditLogs(ctx context.Context, actor Actor, action, target string) error {
	return s.audit.RecordDone(ctx, actor, Intent{Action: action, Target: target}, nil)
}
