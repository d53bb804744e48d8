package metrics

import (
	"cmp"
	"io"
	"maps"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"wharf/service"
	"wharf/util/histogram"
)

// Writer writes the page of hosts and of the server. Make it with New.
type Writer struct {
	version string
	process *prometheus.Registry
	streams *Recorder
}

// New returns a Writer that reports a build's version and the counts of a Recorder.
func New(version string, r *Recorder) *Writer {
	process := prometheus.NewRegistry()
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Writer{version: version, process: process, streams: r}
}

// State is the part of a page that the Writer doesn't hold itself.
type State struct {
	Hosts     []service.HostMeasures
	Overflows map[string]uint64 // gaps of the event log, by host
	// Server has the metrics of the server as a whole, nil for actors that may not see them.
	Server *ServerState
}

// ServerState has the metrics of the server as a whole.
type ServerState struct {
	Lag       histogram.Snapshot
	Logins    service.LoginResults
	Terminals int
}

// Write writes a page.
func (w *Writer) Write(out io.Writer, s State) error {
	p := newPage(out)
	build := gauges("wharf_build_info", "The version that runs.")
	build.add(1, with("version", w.version), with("goversion", runtime.Version()))
	p.write(build)
	p.writeHosts(s.Hosts, s.Overflows)
	if s.Server != nil {
		w.writeServer(p, s.Server)
	}
	return p.end()
}

func (w *Writer) writeServer(p *page, s *ServerState) {
	lag := histograms("wharf_event_lag_seconds", "How long events took from the host's reader to their storing and delivery.")
	lag.addHistogram(s.Lag)
	logins := counters("wharf_logins_total", "Logins by result: ok; refused, for a wrong password; limited, after too many; failed, by an error.")
	logins.add(float64(s.Logins.OK), with("result", "ok"))
	logins.add(float64(s.Logins.Refused), with("result", "refused"))
	logins.add(float64(s.Logins.Limited), with("result", "limited"))
	logins.add(float64(s.Logins.Failed), with("result", "failed"))
	p.write(lag, logins)
	w.streams.write(p, s.Terminals)
	families, err := w.process.Gather()
	p.err = cmp.Or(p.err, err)
	for _, f := range families {
		p.writeFamily(f)
	}
}

// write writes the requests and the streams.
func (r *Recorder) write(p *page, terminals int) {
	r.mu.Lock()
	requests, open, ended := maps.Clone(r.requests), maps.Clone(r.open), maps.Clone(r.ended)
	r.mu.Unlock()
	durations := histograms("wharf_http_request_duration_seconds", "How long requests took, streams aside.")
	order := func(a, b request) int {
		return cmp.Or(cmp.Compare(a.route, b.route), cmp.Compare(a.method, b.method), cmp.Compare(a.code, b.code))
	}
	for _, k := range slices.SortedFunc(maps.Keys(requests), order) {
		durations.addHistogram(requests[k].Read(), with("route", k.route), with("method", k.method), with("code", k.code))
	}
	clients := gauges("wharf_stream_clients", "Open streams and terminals.")
	for _, kind := range slices.Sorted(maps.Keys(open)) {
		clients.add(float64(open[kind]), with("kind", kind))
	}
	clients.add(float64(terminals), with("kind", "terminal"))
	closed := counters("wharf_streams_closed_total",
		"Streams that ended: complete; closed, with the session or the server; client, which left; slow, of a client that took too little; failed.")
	for _, end := range slices.Sorted(maps.Keys(ended)) {
		closed.add(float64(ended[end]), with("reason", string(end)))
	}
	p.write(durations, clients, closed)
}
