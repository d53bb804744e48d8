package metrics

import (
	"io"

	"wharf/service"
)

// projectLabel is Compose's label of a project.
const projectLabel = "com.docker.compose.project"

// containerFamilies are the metrics of containers, with cAdvisor's names and meanings.
var containerFamilies = []struct {
	make       func(name, help string) *family
	name, help string
	value      func(u *service.ImagedUsage) float64
}{
	{counters, "container_cpu_usage_seconds_total", "CPU time used.", func(u *service.ImagedUsage) float64 { return float64(u.CPUTotal) / 1e9 }},
	{gauges, "container_memory_working_set_bytes", "Memory used, less page cache.", func(u *service.ImagedUsage) float64 { return float64(u.MemoryUsage) }},
	{gauges, "container_spec_memory_limit_bytes", "Memory limit, 0 for none.", func(u *service.ImagedUsage) float64 { return float64(u.MemoryLimit) }},
	{counters, "container_network_receive_bytes_total", "Bytes received, of all interfaces.", func(u *service.ImagedUsage) float64 { return float64(u.NetworkRx) }},
	{counters, "container_network_transmit_bytes_total", "Bytes sent, of all interfaces.", func(u *service.ImagedUsage) float64 { return float64(u.NetworkTx) }},
	{counters, "container_fs_reads_bytes_total", "Bytes read from block devices.", func(u *service.ImagedUsage) float64 { return float64(u.BlockRead) }},
	{counters, "container_fs_writes_bytes_total", "Bytes written to block devices.", func(u *service.ImagedUsage) float64 { return float64(u.BlockWrite) }},
	{gauges, "container_threads", "Processes and their threads.", func(u *service.ImagedUsage) float64 { return float64(u.Pids) }},
	{gauges, "container_last_seen", "When the container was sampled.", func(u *service.ImagedUsage) float64 { return seconds(u.SampledAt) }},
}

// WriteContainers writes the page of containers. cut is the number of containers that the page omits.
func WriteContainers(out io.Writer, usages []service.ImagedUsage, cut int) error {
	p := newPage(out)
	labels := make([][]label, len(usages))
	for i := range usages {
		u := &usages[i]
		labels[i] = []label{
			with("host", u.Host), with("id", u.ID), with("name", u.Name), with("image", u.Image), with("compose_project", u.Labels[projectLabel]),
		}
	}
	for _, c := range containerFamilies {
		f := c.make(c.name, c.help)
		for i := range usages {
			f.add(c.value(&usages[i]), labels[i]...)
		}
		p.write(f)
	}
	left := gauges("wharf_metrics_containers_cut", "Running containers beyond METRICS_CONTAINERS_MAX, which this page lacks.")
	left.add(float64(cut))
	p.write(left)
	return p.end()
}
