package stats

import (
	"math"
	"time"
)

// decode decodes the fields in use of one answer to GET /containers/{id}/stats. running is false for a container without a
// process, for which engines send the zero time. Errors: errJSON.
func decode(body []byte) (s Sample, running bool, err error) {
	d := decoder{scanner: scanner{b: body}}
	if d.peek() != '{' {
		return Sample{}, false, errJSON
	}
	d.object(d.field)
	if d.err != nil {
		return Sample{}, false, d.err
	}
	return d.finish()
}

// decoder collects the fields; finish combines those that depend on each other.
type decoder struct {
	scanner
	out                    Sample
	usage                  uint64
	perCPU                 uint32
	v1Inactive, v2Inactive uint64
	isV1                   bool
}

func (d *decoder) finish() (Sample, bool, error) {
	if d.out.OnlineCPUs == 0 {
		d.out.OnlineCPUs = d.perCPU // as docker/cli does for API versions before 1.27
	}
	if d.out.OnlineCPUs > maxCPUs {
		d.out.OnlineCPUs = 0
	}
	d.out.Memory = lessCache(d.usage, d.v1Inactive, d.isV1, d.v2Inactive)
	return d.out, !d.out.Read.IsZero(), nil
}

func (d *decoder) field(key []byte) {
	switch string(key) {
	case "read":
		d.out.Read = d.time()
	case "cpu_stats":
		d.object(d.cpu)
	case "memory_stats":
		d.object(d.memory)
	case "networks":
		d.out.NetRx, d.out.NetTx = 0, 0
		d.object(func([]byte) { d.object(d.network) })
	case "blkio_stats":
		d.object(d.block)
	case "pids_stats":
		d.object(func(key []byte) { d.pick(key, "current", &d.out.Pids) })
	default:
		d.skip()
	}
}

// pick stores the number in into if the key is name; else it skips the value.
func (d *decoder) pick(key []byte, name string, into *uint64) {
	if string(key) == name {
		*into = d.number()
		return
	}
	d.skip()
}

// time decodes an RFC 3339 time; for anything else it returns the zero time.
func (d *decoder) time() time.Time {
	if d.peek() != '"' {
		d.skip()
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, string(d.text()))
	if err != nil || t.Year() <= 1970 || t.Year() > 2200 {
		return time.Time{}
	}
	return t
}

func (d *decoder) cpu(key []byte) {
	switch string(key) {
	case "cpu_usage":
		d.object(d.cpuUsage)
	case "system_cpu_usage":
		d.out.SystemCPU = d.number()
	case "online_cpus":
		d.out.OnlineCPUs = uint32(min(d.number(), math.MaxUint32)) //nolint:gosec // bounded
	default:
		d.skip()
	}
}

func (d *decoder) cpuUsage(key []byte) {
	switch string(key) {
	case "total_usage":
		d.out.CPUTotal = d.number()
	case "percpu_usage":
		d.perCPU = 0
		d.array(func() { d.perCPU++; d.skip() })
	default:
		d.skip()
	}
}

func (d *decoder) memory(key []byte) {
	switch string(key) {
	case "usage":
		d.usage = d.number()
	case "limit":
		d.out.MemoryMax = d.number()
	case "stats":
		d.object(d.memoryStats)
	default:
		d.skip()
	}
}

func (d *decoder) memoryStats(key []byte) {
	switch string(key) {
	case "total_inactive_file":
		d.v1Inactive, d.isV1 = d.number(), true
	case "inactive_file":
		d.v2Inactive = d.number()
	default:
		d.skip()
	}
}

func (d *decoder) network(key []byte) {
	switch string(key) {
	case "rx_bytes":
		d.out.NetRx = add(d.out.NetRx, d.number())
	case "tx_bytes":
		d.out.NetTx = add(d.out.NetTx, d.number())
	default:
		d.skip()
	}
}

// block sums io_service_bytes_recursive by the first letter of op, as docker/cli's calculateBlockIO does.
func (d *decoder) block(key []byte) {
	if string(key) != "io_service_bytes_recursive" {
		d.skip()
		return
	}
	d.out.BlockRead, d.out.BlockWrite = 0, 0
	d.array(func() {
		var (
			op    byte
			value uint64
		)
		d.object(func(key []byte) {
			switch {
			case string(key) == "op" && d.peek() == '"':
				op = 0
				if text := d.text(); len(text) > 0 {
					op = text[0] | 0x20
				}
			default:
				d.pick(key, "value", &value)
			}
		})
		switch op {
		case 'r':
			d.out.BlockRead = add(d.out.BlockRead, value)
		case 'w':
			d.out.BlockWrite = add(d.out.BlockWrite, value)
		}
	})
}
