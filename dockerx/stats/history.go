package stats

import (
	"time"
)

// Point is a container's usage at one time. With a step, it is the mean of the step's points.
type Point struct {
	At             time.Time
	CPUPercent     float64 // 100 = one core busy
	MemoryUsage    uint64  // bytes, without page cache, rounded down to pages
	NetworkRxRate  float64 // bytes a second, as the other rates
	NetworkTxRate  float64
	BlockReadRate  float64
	BlockWriteRate float64
	Pids           uint64
}

// packed is a Point in 32 bytes. Memory is counted in pages of 4 KiB, as the kernel does.
type packed struct {
	at                     uint32 // milliseconds since the ring's epoch
	pages                  uint32
	cpu                    float32
	rx, tx, reads, written float32
	pids                   uint32
}

const page = 4096

// ring keeps a container's last points. It grows with them, up to one for each second of the history. The zero value is empty.
type ring struct {
	epoch  time.Time
	points []packed
	next   int // index of the oldest point, once the ring is full
}

// push adds a point. Once there are as many as keep has seconds, it replaces the oldest.
func (r *ring) push(now time.Time, u Usage, keep time.Duration) {
	most := int(keep / minInterval)
	if len(r.points) == 0 || now.Sub(r.epoch) > 40*24*time.Hour {
		r.epoch, r.points, r.next = now, r.points[:0], 0
	}
	p := pack(u, now.Sub(r.epoch))
	switch {
	case len(r.points) >= most:
		r.points[r.next] = p
		r.next = (r.next + 1) % len(r.points)
		return
	case len(r.points) == cap(r.points):
		grown := make([]packed, len(r.points), min(max(8, 2*len(r.points)), most))
		copy(grown, r.points)
		r.points = grown
	}
	r.points = append(r.points, p)
}

func pack(u Usage, at time.Duration) packed {
	return packed{
		at:    uint32(min(max(at.Milliseconds(), 0), 1<<32-1)), //nolint:gosec // bounded
		pages: uint32(min(u.MemoryUsage/page, 1<<32-1)),        //nolint:gosec // bounded
		cpu:   float32(u.CPUPercent),
		rx:    float32(u.NetworkRxRate), tx: float32(u.NetworkTxRate),
		reads: float32(u.BlockReadRate), written: float32(u.BlockWriteRate),
		pids: uint32(min(u.Pids, 1<<32-1)), //nolint:gosec // bounded
	}
}

func (r *ring) unpack(p packed) Point {
	return Point{
		At:         r.epoch.Add(time.Duration(p.at) * time.Millisecond),
		CPUPercent: float64(p.cpu), MemoryUsage: uint64(p.pages) * page,
		NetworkRxRate: float64(p.rx), NetworkTxRate: float64(p.tx),
		BlockReadRate: float64(p.reads), BlockWriteRate: float64(p.written),
		Pids: uint64(p.pids),
	}
}

// since returns the points from a time on, oldest first. With a step, it returns one point for each step that has any, with
// the time of the step's beginning.
func (r *ring) since(from time.Time, step time.Duration) []Point {
	out := make([]Point, 0, len(r.points))
	n := 0 // points in the last of out
	for i := range r.points {
		p := r.unpack(r.points[(r.next+i)%len(r.points)])
		if p.At.Before(from) {
			continue
		}
		if step > 0 {
			p.At = p.At.Truncate(step)
		}
		if last := len(out) - 1; step > 0 && last >= 0 && out[last].At.Equal(p.At) {
			n++
			out[last].mix(p, n)
			continue
		}
		out, n = append(out, p), 1
	}
	return out
}

// mix updates p, the mean of n-1 points, to the mean of n points by adding q.
func (p *Point) mix(q Point, n int) {
	mean := func(a *float64, b float64) { *a += (b - *a) / float64(n) }
	whole := func(a *uint64, b uint64) {
		f := float64(*a)
		mean(&f, float64(b))
		*a = uint64(max(f, 0) + 0.5)
	}
	mean(&p.CPUPercent, q.CPUPercent)
	whole(&p.MemoryUsage, q.MemoryUsage)
	mean(&p.NetworkRxRate, q.NetworkRxRate)
	mean(&p.NetworkTxRate, q.NetworkTxRate)
	mean(&p.BlockReadRate, q.BlockReadRate)
	mean(&p.BlockWriteRate, q.BlockWriteRate)
	whole(&p.Pids, q.Pids)
}

// rest frees the history when all of it is too old to be returned. It is called when sampling ends.
func (s *Sampler) rest() {
	if s.opts.History <= 0 || s.closed {
		return
	}
	s.cleaner = time.AfterFunc(s.opts.History, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.looping {
			return
		}
		now := time.Now()
		for _, e := range s.table.order {
			if now.Sub(e.lastAt) > maxAge {
				e.measured = &unmeasured
				continue
			}
			e.own().history = ring{}
		}
	})
}
