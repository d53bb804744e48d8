package service

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"wharf/dockerx"
	"wharf/dockerx/stats"
)

// HostedUsage is what a container uses, and the host that it is on.
type HostedUsage struct {
	Host string
	stats.Usage
}

// Usage tells what the containers of all hosts that the actor may see use, all hosts asked at
// once. A host that doesn't answer is missing and says why. partial says that some running
// container has no sample yet. Errors: NotFound for a named host that doesn't exist.
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

// UsageOrder compares by "cpu" or "memory", the largest first; equal ones by host, name and id.
func UsageOrder(by string) func(a, b HostedUsage) int {
	return func(a, b HostedUsage) int {
		order := cmp.Compare(b.CPUPercent, a.CPUPercent)
		if by == "memory" {
			order = cmp.Compare(b.MemoryUsage, a.MemoryUsage)
		}
		return cmp.Or(order, strings.Compare(a.Host, b.Host), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	}
}

// UsageHistory tells what one container uses, and used since how long ago, in steps.
func (h *Host) UsageHistory(ctx context.Context, ref dockerx.Ref, since, step time.Duration) (stats.Usage, []stats.Point, error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return stats.Usage{}, nil, err
	}
	return h.host.UsageHistory(ctx, d.ID, since, step)
}

// UsageHistoryAll tells it of all containers, by full id.
func (h *Host) UsageHistoryAll(ctx context.Context, since, step time.Duration) (*stats.Snapshot, map[string][]stats.Point, error) {
	snap, past, err := h.host.UsageHistoryAll(ctx, since, step)
	if err != nil {
		return nil, nil, err
	}
	return h.visible(snap), past, nil
}

// UsageStream gives a snapshot whenever there are new numbers; see dockerx.Host.UsageStream.
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

// UsageStreamOf is UsageStream for one container; ctx is only for finding it.
func (h *Host) UsageStreamOf(ctx context.Context, ref dockerx.Ref) (func(ctx context.Context) iter.Seq2[stats.Usage, error], error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) iter.Seq2[stats.Usage, error] { return h.host.UsageStreamOf(ctx, d.ID) }, nil
}

// visible leaves out of a snapshot what the actor may not see, also from what it says as a whole. One that hides nothing
// is shared.
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
