package leases

import (
	"context"
	"maps"
	"slices"
)

// adopt starts and ends the reading of hosts to match the leases in own.
func (l *Leases) adopt(ctx context.Context, own map[string]int64, hosts []string) {
	var lost []string
	l.mu.Lock()
	for host, epoch := range l.held {
		if own[host] != epoch {
			lost = append(lost, host)
		}
	}
	l.mu.Unlock()
	if len(lost) > 0 {
		l.opts.Logger.Warn().Int("hosts", len(lost)).Msg("other replicas have taken leases of this one")
		l.end(ctx, lost)
	}
	known := make(map[string]bool, len(hosts))
	for _, host := range hosts {
		known[host] = true
	}
	for _, host := range slices.Sorted(maps.Keys(own)) {
		l.mu.Lock()
		_, read := l.held[host]
		if known[host] {
			l.held[host] = own[host]
		}
		l.mu.Unlock()
		if known[host] && !read {
			l.opts.Begin(host, own[host])
			l.StatusChanged(host, true)
		}
	}
}

// end stops the reading of hosts.
func (l *Leases) end(ctx context.Context, hosts []string) {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	l.opts.End(ctx, hosts)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, host := range hosts {
		delete(l.held, host)
	}
}

// leave ends the reading of all hosts and hands over all leases.
func (l *Leases) leave(ctx context.Context) {
	l.mu.Lock()
	hosts := slices.Collect(maps.Keys(l.held))
	l.mu.Unlock()
	l.end(ctx, hosts)
	if err := l.resign(ctx); err != nil {
		l.opts.Logger.Warn().Err(err).Msg("cannot give the leases of hosts back")
	}
}

func hostsOf(moves []move) []string {
	hosts := make([]string, len(moves))
	for i, m := range moves {
		hosts[i] = m.host
	}
	return hosts
}
