// Package metrics writes wharf's metrics in the Prometheus text format. It counts requests and streams itself; everything else it
// reads on request, from counts that other packages keep anyway.
//
// Labels are bounded: routes by the table; methods, reasons, states and types by fixed lists. Text from an engine becomes a label
// value only if there is one per host or container, and is truncated.
package metrics

import (
	"bufio"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"wharf/util/histogram"
	"wharf/util/text"
)

// ContentType is the media type of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// page writes families of metrics one at a time, so that it never holds more than one. After an error it writes nothing more.
type page struct {
	out *bufio.Writer
	err error
}

func newPage(w io.Writer) *page { return &page{out: bufio.NewWriterSize(w, 64<<10)} }

// end writes the buffered bytes, and returns the first error.
func (p *page) end() error {
	if p.err == nil {
		p.err = p.out.Flush()
	}
	return p.err
}

// family holds a metric's name, type and help text, and its series.
type family struct {
	name, help string
	kind       dto.MetricType
	series     []*dto.Metric
}

func counters(name, help string) *family {
	return &family{name: name, help: help, kind: dto.MetricType_COUNTER}
}

func gauges(name, help string) *family {
	return &family{name: name, help: help, kind: dto.MetricType_GAUGE}
}

func histograms(name, help string) *family {
	return &family{name: name, help: help, kind: dto.MetricType_HISTOGRAM}
}

// label is a name and a value. All series that have it share it.
type label = *dto.LabelPair

// maxLabel is the maximum length of a label's value, in bytes.
const maxLabel = 128

// with returns a label, with a truncated value if necessary.
func with(name, value string) label {
	if len(value) > maxLabel || !text.Printable(value) {
		value = text.Truncate(value, maxLabel)
	}
	return &dto.LabelPair{Name: &name, Value: &value}
}

// add adds a series with one value.
func (f *family) add(v float64, labels ...label) {
	m := &dto.Metric{Label: labels}
	if f.kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &v}
	} else {
		m.Gauge = &dto.Gauge{Value: &v}
	}
	f.series = append(f.series, m)
}

// addHistogram adds a series with a histogram of durations, in seconds.
func (f *family) addHistogram(s histogram.Snapshot, labels ...label) {
	sum := s.Sum.Seconds()
	h := &dto.Histogram{SampleCount: &s.Count, SampleSum: &sum}
	for i := range s.Bounds {
		bound := s.Bounds[i].Seconds()
		h.Bucket = append(h.Bucket, &dto.Bucket{CumulativeCount: &s.Cumulative[i], UpperBound: &bound})
	}
	f.series = append(f.series, &dto.Metric{Label: labels, Histogram: h})
}

// write writes the families that have series.
func (p *page) write(families ...*family) {
	for _, f := range families {
		if len(f.series) > 0 {
			p.writeFamily(&dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &f.kind, Metric: f.series})
		}
	}
}

func (p *page) writeFamily(f *dto.MetricFamily) {
	if p.err == nil {
		_, p.err = expfmt.MetricFamilyToText(p.out, f)
	}
}
