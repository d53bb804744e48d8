package service

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/dockerx/containers"
	"wharf/dockerx/stats"
)

// HostedUsage is a container's usage and its host.
type HostedUsage struct {
	Host string
	stats.Usage
}

// Usage returns the usage of the containers that the actor may see, on the named or all hosts, which are queried
// concurrently. If a host doesn't answer, its HostResult has the error. partial is true if a running container has no sample
// yet. Errors: NotFound for a named host that doesn't exist.
func (s *Hosts) Usage(ctx context.Context, actor Actor, names []string) (all []HostedUsage, partial bool, answers []HostResult, err error) {
	hosts, err := s.openAll(ctx, actor, names)
	if err != nil {
		return nil, false, nil, err
	}
	snaps := make([]*stats.Snapshot, len(hosts))
	answers = make([]HostResult, len(hosts))
	var asking sync.WaitGroup
	for i, h := range hosts {
		answers[i].Host = h.host.Name()
		asking.Go(func() { snaps[i], answers[i].Err = h.UsageAll(ctx) })
	}
	asking.Wait()
	all = []HostedUsage{}
	for i, snap := range snaps {
		if snap == nil {
			continue
		}
		partial = partial || snap.Partial
		for _, u := range snap.Usages {
			all = append(all, HostedUsage{answers[i].Host, u})
		}
	}
	return all, partial, answers, nil
}

// UsageOrder returns a comparison by "cpu" or "memory", the largest first. Ties are broken by host, name and id.
func UsageOrder(by string) func(a, b HostedUsage) int {
	return func(a, b HostedUsage) int {
		order := cmp.Compare(b.CPUPercent, a.CPUPercent)
		if by == "memory" {
			order = cmp.Compare(b.MemoryUsage, a.MemoryUsage)
		}
		return cmp.Or(order, strings.Compare(a.Host, b.Host), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	}
}

// UsageHistory returns a container's current usage, and its usage over the past duration since, one point per step.
func (h *Host) UsageHistory(ctx context.Context, ref containers.Ref, since, step time.Duration) (stats.Usage, []stats.Point, error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return stats.Usage{}, nil, err
	}
	return h.host.UsageHistory(ctx, d.ID, since, step)
}

// UsageHistoryAll is like UsageHistory, for all containers. The map's keys are full ids.
func (h *Host) UsageHistoryAll(ctx context.Context, since, step time.Duration) (*stats.Snapshot, map[string][]stats.Point, error) {
	snap, past, err := h.host.UsageHistoryAll(ctx, since, step)
	if err != nil {
		return nil, nil, err
	}
	return h.visible(snap), past, nil
}

// UsageStream yields a snapshot whenever there are new samples: see dockerx.Host.UsageStream.
func (h *Host) UsageStream(ctx context.Context) iter.Seq2[*stats.Snapshot, error] {
	return func(yield func(*stats.Snapshot, error) bool) {
		for snap, err := range h.host.UsageStream(ctx) {
			if err == nil {
				snap = h.visible(snap)
			}
			if !yield(snap, err) {
				return
			}
		}
	}
}

// UsageStreamOf is like UsageStream, for one container. ctx bounds only the search for the container, the returned function's
// ctx the stream.
func (h *Host) UsageStreamOf(ctx context.Context, ref containers.Ref) (func(ctx context.Context) iter.Seq2[stats.Usage, error], error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) iter.Seq2[stats.Usage, error] { return h.host.UsageStreamOf(ctx, d.ID) }, nil
}

// visible returns a snapshot of only the containers that the actor may see, with Partial and SampledAt computed from them.
// If the actor sees all containers of the host, it returns snap itself.
func (h *Host) visible(snap *stats.Snapshot) *stats.Snapshot {
	if h.actor.everywhereOn(h.host.Name(), View) {
		return snap
	}
	seen := &stats.Snapshot{Usages: slices.DeleteFunc(slices.Clone(snap.Usages), func(u stats.Usage) bool { return !h.sees(u.Labels) })}
	for _, u := range seen.Usages {
		seen.Partial = seen.Partial || u.Partial
		if u.SampledAt.After(seen.SampledAt) {
			seen.SampledAt = u.SampledAt
		}
	}
	return seen
}
