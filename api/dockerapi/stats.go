package dockerapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"wharf/api/stream"
	"wharf/dockerx/stats"
	"wharf/util/apperr"
)

// stats answers GET /containers/{id}/stats with one sample, or a stream of them.
func (a *API) stats(w http.ResponseWriter, r *http.Request, c *Call) error {
	ref, err := c.ref()
	if err != nil {
		return err
	}
	q := queryOf(r)
	cpus := c.host.Status().CPUs
	if q.text("stream") != "" && !q.on("stream") {
		u, err := c.host.Usage(r.Context(), ref)
		if err != nil {
			return err
		}
		c.describe(w.Header())
		return answer(w, http.StatusOK, statsOf(u, cpus))
	}
	samples, err := c.host.UsageStreamOf(r.Context(), ref)
	if err != nil {
		return err
	}
	c.describe(w.Header())
	o := a.Stream(c.actor, stream.JSONStream)
	o.Buffer = 1
	return a.Streams.Serve(w, r, o, func(ctx context.Context, out *stream.Writer) error {
		for u, err := range samples(ctx) {
			switch {
			case apperr.KindOf(err) == apperr.NotFound:
				return nil
			case err != nil: // the engine can't be reached: it may come back
				continue
			}
			if err := out.Send(stream.Item{Data: encode(statsOf(u, cpus))}); err != nil {
				return err
			}
		}
		return nil
	})
}

// containerStats is a sample in Docker's shape.
type containerStats struct {
	Read     time.Time  `json:"read"`
	Preread  time.Time  `json:"preread"`
	Pids     pids       `json:"pids_stats"`
	Block    block      `json:"blkio_stats"`
	NumProcs uint32     `json:"num_procs"`
	Storage  struct{}   `json:"storage_stats"`
	CPU      cpu        `json:"cpu_stats"`
	Before   cpu        `json:"precpu_stats"`
	Memory   memory     `json:"memory_stats"`
	Name     string     `json:"name"`
	ID       string     `json:"id"`
	Networks trafficMap `json:"networks,omitempty"`
}

type pids struct {
	Current uint64 `json:"current,omitempty"`
}

type block struct {
	Bytes []blockEntry `json:"io_service_bytes_recursive"`
}

type blockEntry struct {
	Major uint64 `json:"major"`
	Minor uint64 `json:"minor"`
	Op    string `json:"op"`
	Value uint64 `json:"value"`
}

type cpu struct {
	Usage struct {
		Total uint64 `json:"total_usage"`
	} `json:"cpu_usage"`
	System uint64 `json:"system_cpu_usage,omitempty"`
	Online uint32 `json:"online_cpus,omitempty"`
}

type memory struct {
	Usage uint64            `json:"usage,omitempty"`
	Limit uint64            `json:"limit,omitempty"`
	Stats map[string]uint64 `json:"stats,omitempty"`
}

type trafficMap map[string]traffic

type traffic struct {
	RxBytes uint64 `json:"rx_bytes"`
	TxBytes uint64 `json:"tx_bytes"`
}

// statsOf converts a usage to Docker's counters. wharf samples for all callers together, so a caller has no pair of samples of
// its own. The pair here spans one second and is computed so that Docker's formula gives the usage's percentage. Page cache is
// subtracted from memory already, and all network interfaces are added up as one.
func statsOf(u stats.Usage, cpus int) containerStats {
	s := containerStats{
		ID: u.ID, Name: "/" + u.Name, Read: u.SampledAt.UTC(), Block: block{Bytes: []blockEntry{}},
	}
	if !u.Running || u.SampledAt.IsZero() {
		s.Read = time.Time{}
		return s
	}
	online := uint64(max(cpus, 1)) //nolint:gosec // positive
	s.Preread = s.Read.Add(-time.Second)
	s.CPU.Usage.Total = u.CPUTotal
	s.CPU.System, s.CPU.Online = uint64(u.SampledAt.UnixNano())*online, uint32(online) //nolint:gosec // a time, and few
	s.Before = s.CPU
	used := uint64(math.Round(max(u.CPUPercent, 0) / 100 * float64(time.Second)))
	if s.CPU.Usage.Total < used {
		s.CPU.Usage.Total = used
	}
	s.Before.Usage.Total, s.Before.System = s.CPU.Usage.Total-used, s.CPU.System-online*uint64(time.Second)
	s.Memory = memory{Usage: u.MemoryUsage, Limit: u.MemoryLimit, Stats: map[string]uint64{"inactive_file": 0}}
	s.Networks = trafficMap{"eth0": {u.NetworkRx, u.NetworkTx}}
	s.Block.Bytes = []blockEntry{{Op: "read", Value: u.BlockRead}, {Op: "write", Value: u.BlockWrite}}
	s.Pids.Current = u.Pids
	return s
}
