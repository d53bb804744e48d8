package service

import (
	"context"
	"sync"

	"wharf/dockerx"
	"wharf/service/eventlog"
	"wharf/util/histogram"
)

// HostMeasures are the measures of a host that one actor may see.
type HostMeasures struct {
	Host string
	dockerx.Measures
}

// Measures returns the measures of the hosts that the actor may see, in the order of the settings. It calls no engine. If
// the actor may not see every container of a host, the counts of containers, events and requests are nil.
func (s *Hosts) Measures(actor Actor) []HostMeasures {
	hosts := s.fleet.Hosts()
	all := make([]HostMeasures, 0, len(hosts))
	for _, h := range hosts {
		if !actor.somewhereOn(h.Name(), View) {
			continue
		}
		m := h.Measures()
		if !actor.everywhereOn(h.Name(), View) {
			m.Containers, m.Events, m.Requests = nil, nil, nil
		}
		all = append(all, HostMeasures{h.Name(), m})
	}
	return all
}

// Lag returns the distribution of the time that records take to be stored; see eventlog.Log.Lag.
func (e *Events) Lag() histogram.Snapshot { return e.log.Lag() }

// Overflows returns, by host, how many gaps a full queue of the log has caused.
func (e *Events) Overflows() map[string]uint64 { return e.log.Overflows() }

// GapOverflow is the reason given in the gaps that Overflows counts.
const GapOverflow = eventlog.GapOverflow

// ImagedUsage is a container's usage with its host and image.
type ImagedUsage struct {
	HostedUsage
	Image string
}

// ImagedUsage returns the usage of the running containers that the actor may see, each once, in the order of the hosts and
// their lists. It returns at most most containers, and in cut the number of further ones. Hosts that don't answer are left out.
func (s *Hosts) ImagedUsage(ctx context.Context, actor Actor, most int) (all []ImagedUsage, cut int, err error) {
	usages, _, _, err := s.Usage(ctx, actor, nil)
	if err != nil {
		return nil, 0, err
	}
	images := s.images(ctx, actor, usages)
	seen := make(map[[2]string]struct{}, len(usages))
	for _, u := range usages {
		key := [2]string{u.Host, u.ID}
		if _, twice := seen[key]; twice || !u.Running || u.SampledAt.IsZero() {
			continue
		}
		seen[key] = struct{}{}
		if len(all) >= most {
			cut++
			continue
		}
		all = append(all, ImagedUsage{u, images[key]})
	}
	return all, cut, nil
}

// images returns the images of containers by host and id. Hosts that don't answer are left out.
func (s *Hosts) images(ctx context.Context, actor Actor, usages []HostedUsage) map[[2]string]string {
	var names []string
	for _, u := range usages { // sorted by host
		if len(names) == 0 || names[len(names)-1] != u.Host {
			names = append(names, u.Host)
		}
	}
	images := make(map[[2]string]string, len(usages))
	var (
		mu     sync.Mutex
		asking sync.WaitGroup
	)
	for _, name := range names {
		asking.Go(func() {
			h, err := s.Open(ctx, actor, name, View)
			if err != nil {
				return
			}
			list, err := h.Containers(ctx)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range list.Containers {
				images[[2]string{name, list.Containers[i].ID}] = list.Containers[i].Image
			}
		})
	}
	asking.Wait()
	return images
}
