package dockerx

import "time"

// SetStatus takes the status of a host as the process has it that leads the host: Host.Status returns it while this process
// doesn't.
func (f *Fleet) SetStatus(name string, s Status) {
	if h, ok := f.Host(name); ok {
		h.shared.Store(&s)
	}
}

// elsewhere returns the status of a host that another process leads; nil for a host that this one leads, and where nothing is
// known yet.
func (h *Host) elsewhere() *Status {
	if !h.opts.Led || h.leads() {
		return nil
	}
	return h.shared.Load()
}

// statusChanged reports a change of Status to Options.OnStatus.
func (h *Host) statusChanged(soon bool) {
	if h.opts.OnStatus != nil {
		h.opts.OnStatus(h.name, soon)
	}
}

// Changes of what is measured anew all the time count once they are beyond the usual variation.
const (
	latencyNoise = 20 * time.Millisecond
	skewNoise    = 500 * time.Millisecond
)

// differs reports whether the information says something new.
func (i EngineInfo) differs(old EngineInfo) bool {
	if i.Latency > 2*old.Latency+latencyNoise || old.Latency > 2*i.Latency+latencyNoise || (i.ClockSkew-old.ClockSkew).Abs() > skewNoise {
		return true
	}
	i.Latency, i.ClockSkew = old.Latency, old.ClockSkew
	return i != old
}

// infoChanged has Status say what the information says, if that is new. mu is held.
func (h *Host) infoChanged() {
	if h.info.differs(h.shown) {
		h.shown = h.info
		h.statusChanged(false)
	}
}

// countedStates returns the containers by state as the host's events imply; nil while that isn't known.
func (h *Host) countedStates() map[string]int {
	reader := h.reader.Load()
	if reader == nil {
		return nil
	}
	var counts map[string]int
	for _, c := range reader.Containers() {
		if counts == nil {
			counts = map[string]int{}
		}
		if c.Count > 0 {
			counts[c.State] = int(c.Count)
		}
	}
	return counts
}
