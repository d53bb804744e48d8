package leases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wharf/db/sqlc"
)

// sampling has the hosts whose engines each replica currently samples. Only Run uses it, except for samplers.
type sampling struct {
	own     string // this replica's hosts, sorted, as last written to the database
	version int64  // of own; rises with each attempt to write another value
	others  map[string]sampledHosts
	// samplers has the number of other living replicas that sample each host; guarded by Leases.mu.
	samplers map[string]int
}

// sampledHosts has the hosts that another replica samples.
type sampledHosts struct {
	version int64
	hosts   []string
}

// Samplers returns how many replicas sample a host's engine, always counting this one. The number is as old as the last beats.
// For a nil *Leases it is 1.
func (l *Leases) Samplers(host string) int {
	if l == nil {
		return 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return 1 + l.sampling.samplers[host]
}

// sampledNow returns the hosts that this replica samples, and whether they differ from those in the database.
func (l *Leases) sampledNow() (hosts string, changed bool) {
	if l.opts.Sampled == nil {
		return "", false
	}
	hosts = strings.Join(slices.Sorted(slices.Values(l.opts.Sampled())), " ")
	if hosts == l.sampling.own {
		return hosts, false
	}
	l.sampling.version++ // each time: an earlier attempt that failed may have taken effect
	return hosts, true
}

// sampledByOthers returns the hosts that other replicas sample, or nil if nothing has changed since the last read.
func (l *Leases) sampledByOthers(ctx context.Context, q *sqlc.Queries, replicas []sqlc.ReplicasRow) ([]sqlc.SampledRow, error) {
	changed := func(r sqlc.ReplicasRow) bool {
		return r.ID != l.id && r.SampledVersion != l.sampling.others[r.ID].version
	}
	if !slices.ContainsFunc(replicas, changed) {
		return nil, nil
	}
	rows, err := q.Sampled(ctx, l.id)
	if err != nil {
		return nil, fmt.Errorf("read which hosts are sampled: %w", err)
	}
	return rows, nil
}

// storeSampling stores the values that a beat has written and read.
func (l *Leases) storeSampling(own string, read []sqlc.SampledRow) {
	l.sampling.own = own
	if read == nil {
		return
	}
	l.sampling.others = map[string]sampledHosts{}
	for _, r := range read {
		l.sampling.others[r.ID] = sampledHosts{r.SampledVersion, strings.Fields(r.Sampled)}
	}
}

// countSamplers counts the other living replicas that sample each host.
func (l *Leases) countSamplers(now time.Duration) {
	samplers := map[string]int{}
	for id, s := range l.sampling.others {
		if !l.state.lives(id, now) {
			continue
		}
		for _, host := range s.hosts {
			samplers[host]++
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sampling.samplers = samplers
}
