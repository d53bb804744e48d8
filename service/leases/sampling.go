package leases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wharf/db/sqlc"
)

// sampling is which hosts' engines the replicas ask for samples at the moment. Run alone uses it, but for samplers.
type sampling struct {
	own     string // this replica's hosts, sorted, as the database has them
	version int64  // of own; rises with each try to write another one
	others  map[string]sampledHosts
	// samplers counts the other living replicas by host; guarded by Leases.mu.
	samplers map[string]int
}

// sampledHosts are the hosts that another replica samples.
type sampledHosts struct {
	version int64
	hosts   []string
}

// Samplers returns how many replicas ask a host's engine for samples, this one counted in any case. It is as old
// as the last beats. For a nil Leases it is 1.
func (l *Leases) Samplers(host string) int {
	if l == nil {
		return 1
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return 1 + l.sampling.samplers[host]
}

// sampledNow returns the hosts that this replica samples, and whether the database has others.
func (l *Leases) sampledNow() (hosts string, changed bool) {
	if l.opts.Sampled == nil {
		return "", false
	}
	hosts = strings.Join(slices.Sorted(slices.Values(l.opts.Sampled())), " ")
	if hosts == l.sampling.own {
		return hosts, false
	}
	l.sampling.version++ // the last try may have taken effect though it failed
	return hosts, true
}

// sampledByOthers returns what other replicas sample, if one of them has changed that since the last look.
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

// tookSampling takes in what was written and read in a look.
func (l *Leases) tookSampling(own string, read []sqlc.SampledRow) {
	l.sampling.own = own
	if read == nil {
		return
	}
	l.sampling.others = map[string]sampledHosts{}
	for _, r := range read {
		l.sampling.others[r.ID] = sampledHosts{r.SampledVersion, strings.Fields(r.Sampled)}
	}
}

// countSamplers counts the other replicas that sample each host, of those that live.
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
