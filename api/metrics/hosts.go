package metrics

import (
	"time"

	"wharf/dockerx"
	"wharf/service"
)

// writeHosts writes the metrics of hosts, one family at a time. overflows are gaps of the event log, by host.
func (p *page) writeHosts(hosts []service.HostMeasures, overflows map[string]uint64) {
	names := make([]label, len(hosts))
	for i := range hosts {
		names[i] = with("host", hosts[i].Host)
	}
	each := func(f *family, add func(f *family, host label, m *service.HostMeasures)) {
		for i := range hosts {
			add(f, names[i], &hosts[i])
		}
		p.write(f)
	}
	each(gauges("wharf_host_up", "Whether the host answers: 1 or 0."), addUp)
	each(gauges("wharf_host_owned", "1 on the replica that reads the host's events, 0 on others."), addOwned)
	each(gauges("wharf_host_info", "What the host's engine says of itself."), addInfo)
	each(gauges("wharf_host_containers", "Containers by state, as the host's events imply."), addContainers)
	each(histograms("wharf_host_request_duration_seconds", "How long requests to the engine took to be answered, failed ones too."), addRequests)
	each(counters("wharf_host_errors_total", "Requests to the engine that failed."), addErrors)
	each(gauges("wharf_host_certificate_expiry_timestamp_seconds", "When the first of the certificates in use ends."), addExpiry)
	each(gauges("wharf_host_clock_skew_seconds", "How far the engine's clock is ahead."), addSkew)
	each(counters("wharf_events_total", "Events read from the host."), addEvents)
	each(counters("wharf_event_gaps_total", "Spans of time in which events of the host may be missing."), func(f *family, host label, m *service.HostMeasures) {
		addCounts(f, m.Gaps, host, "reason")
		if n := overflows[m.Host]; n > 0 {
			f.add(float64(n), host, with("reason", service.GapOverflow))
		}
	})
}

func addUp(f *family, host label, m *service.HostMeasures) {
	switch m.State {
	case dockerx.HostUp, dockerx.HostDegraded:
		f.add(1, host)
	case dockerx.HostDown:
		f.add(0, host)
	}
}

func addOwned(f *family, host label, m *service.HostMeasures) {
	if m.Owned {
		f.add(1, host)
	} else {
		f.add(0, host)
	}
}

func addInfo(f *family, host label, m *service.HostMeasures) {
	if m.EngineVersion != "" {
		f.add(1, host, with("engine_version", m.EngineVersion), with("api_version", m.APIVersion), with("os", m.OS), with("arch", m.Arch))
	}
}

func addContainers(f *family, host label, m *service.HostMeasures) {
	for _, c := range m.Containers {
		f.add(float64(c.Count), host, with("state", c.State))
	}
}

func addRequests(f *family, host label, m *service.HostMeasures) {
	for i := range m.Requests {
		f.addHistogram(m.Requests[i].Snapshot, host, with("operation", m.Requests[i].Operation))
	}
}

func addErrors(f *family, host label, m *service.HostMeasures) {
	addCounts(f, m.Errors, host, "reason")
}

func addEvents(f *family, host label, m *service.HostMeasures) { addCounts(f, m.Events, host, "type") }

func addCounts(f *family, counts []dockerx.Count, host label, name string) {
	for _, c := range counts {
		f.add(float64(c.N), host, with(name, c.Kind))
	}
}

func addExpiry(f *family, host label, m *service.HostMeasures) {
	if !m.CertificateExpiry.IsZero() {
		f.add(seconds(m.CertificateExpiry), host)
	}
}

func addSkew(f *family, host label, m *service.HostMeasures) {
	if m.EngineVersion != "" {
		f.add(m.ClockSkew.Seconds(), host)
	}
}

// seconds returns a time in seconds since 1970, as Prometheus represents it.
func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }
