package stats

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return b
}

func decoded(t testing.TB, name string) Sample {
	t.Helper()
	s, running, err := decode(recorded(t, name))
	require.NoError(t, err)
	require.True(t, running)
	return s
}

func TestRecordedSampleOfCgroupV1(t *testing.T) {
	t.Parallel()
	first, second := decoded(t, "v1-spin-1.json"), decoded(t, "v1-spin-2.json")
	require.EqualValues(t, 2, second.OnlineCPUs)
	require.EqualValues(t, 64<<20, second.MemoryMax)
	var want container.StatsResponse
	require.NoError(t, json.Unmarshal(recorded(t, "v1-spin-2.json"), &want))
	require.Equal(t, want.MemoryStats.Usage-want.MemoryStats.Stats["total_inactive_file"], second.Memory)
	require.Equal(t, want.PidsStats.Current, second.Pids)
	require.Equal(t, want.Networks["eth0"].RxBytes, second.NetRx)
	// docker/cli's formula on the engine's own pair of samples.
	used := float64(want.CPUStats.CPUUsage.TotalUsage - want.PreCPUStats.CPUUsage.TotalUsage)
	host := float64(want.CPUStats.SystemUsage - want.PreCPUStats.SystemUsage)
	require.InDelta(t, used/host*2*100, cpuPercent(first, second), 1e-6)
}

func TestRecordedSampleOfCgroupV2(t *testing.T) {
	t.Parallel()
	cur := decoded(t, "v2-engine28.json")
	require.Equal(t, Sample{
		Read:     time.Date(2026, 3, 2, 10, 15, 31, 204518346, time.UTC),
		CPUTotal: 9214880000, SystemCPU: 731244260000000, OnlineCPUs: 4,
		Memory: 138252288 - 12931072, MemoryMax: 4 << 30,
		NetRx: 1250000 + 866, NetTx: 512000 + 126, BlockRead: 4096000 + 1024, BlockWrite: 61440, Pids: 5,
	}, cur)
	prev := Sample{Read: time.Date(2026, 3, 2, 10, 15, 30, 198877102, time.UTC), CPUTotal: 8712062000, SystemCPU: 731240240000000, OnlineCPUs: 4}
	require.InDelta(t, 502818000.0/4020000000*4*100, cpuPercent(prev, cur), 1e-9)
	require.InDelta(t, 2.918, memoryPercent(cur.Memory, cur.MemoryMax), 1e-3)
}

func TestRecordedSampleOfPodman(t *testing.T) {
	t.Parallel()
	prev, cur := decoded(t, "podman-1.json"), decoded(t, "podman-2.json")
	var u Usage
	u.apply(cur)
	u.applyPair(prev, cur)
	require.InDelta(t, 25, u.CPUPercent, 1e-9, "half a second in two")
	require.EqualValues(t, 52428800, u.MemoryUsage)
	require.InDelta(t, 2000, u.NetworkRxRate, 1e-9)
	require.EqualValues(t, 2048, u.BlockRead, "Podman writes Read and Write with capitals")
}

func TestSampleOfAStoppedContainer(t *testing.T) {
	t.Parallel()
	_, running, err := decode(recorded(t, "v1-stopped.json"))
	require.NoError(t, err)
	require.False(t, running)
}

func TestOddSamples(t *testing.T) {
	t.Parallel()
	sample := func(rest string) string { return `{"read":"2026-03-02T10:00:00Z",` + rest + `}` }
	for name, c := range map[string]struct {
		body string
		want Sample
	}{
		"nothing but a time":          {sample(`"a":1`), Sample{}},
		"null everywhere":             {sample(`"cpu_stats":null,"memory_stats":null,"networks":null,"blkio_stats":null,"pids_stats":null`), Sample{}},
		"wrong types":                 {sample(`"cpu_stats":[1],"memory_stats":"x","networks":[{}],"blkio_stats":{"io_service_bytes_recursive":{}},"pids_stats":7`), Sample{}},
		"CPUs counted one by one":     {sample(`"cpu_stats":{"cpu_usage":{"total_usage":5,"percpu_usage":[1,2,3]}}`), Sample{CPUTotal: 5, OnlineCPUs: 3}},
		"online_cpus beyond belief":   {sample(`"cpu_stats":{"online_cpus":4294967296000}`), Sample{}},
		"the largest number":          {sample(`"pids_stats":{"current":18446744073709551615}`), Sample{Pids: math.MaxUint64}},
		"beyond the largest number":   {sample(`"pids_stats":{"current":1e400}`), Sample{Pids: math.MaxUint64}},
		"a fraction":                  {sample(`"pids_stats":{"current":2.9}`), Sample{Pids: 2}},
		"a negative number":           {sample(`"pids_stats":{"current":-5}`), Sample{}},
		"a number as text":            {sample(`"pids_stats":{"current":"5"}`), Sample{}},
		"network sums don't wrap":     {sample(`"networks":{"a":{"rx_bytes":18446744073709551615},"b":{"rx_bytes":9}}`), Sample{NetRx: math.MaxUint64}},
		"an operation without a name": {sample(`"blkio_stats":{"io_service_bytes_recursive":[{"op":"","value":3},{"value":4},{"op":7}]}`), Sample{}},
		"an escaped key is another":   {sample(`"pids_\u0073tats":{"current":5}`), Sample{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, running, err := decode([]byte(c.body))
			require.NoError(t, err)
			require.True(t, running)
			c.want.Read = base
			require.Equal(t, c.want, got)
		})
	}
}

func TestBrokenSamplesAreErrors(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "null", "[]", "7", "{", `{"read"`, `{"read":`, `{"read":"`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a":[1,]}`,
		`{"a":}`, `{"cpu_stats":{"online_cpus":4}`, `{"pids_stats":{"current":1-2}}`, strings.Repeat(`{"a":`, 1000),
	} {
		_, _, err := decode([]byte(body))
		require.ErrorIs(t, err, errJSON, body)
	}
}

// TestDecodeReadsWhatEncodingJSONReads compares with the SDK's own type.
func TestDecodeReadsWhatEncodingJSONReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) uint64 { return rapid.Uint64().Draw(t, name) }
		small := func(name string) uint64 { return rapid.Uint64Range(0, 1<<60).Draw(t, name) }
		in := container.StatsResponse{
			Name: rapid.String().Draw(t, "name"), Read: base, PreRead: base.Add(-time.Second),
			PidsStats:  container.PidsStats{Current: n("pids"), Limit: n("limit")},
			BlkioStats: container.BlkioStats{IoServiceBytesRecursive: []container.BlkioStatEntry{{Op: "Read", Value: small("r")}, {Op: "write", Value: small("w")}, {Op: "Sync", Value: 1}}},
			CPUStats: container.CPUStats{
				CPUUsage:    container.CPUUsage{TotalUsage: n("cpu"), PercpuUsage: []uint64{1, 2}},
				SystemUsage: n("system"), OnlineCPUs: rapid.Uint32Range(0, 300).Draw(t, "online"),
			},
			PreCPUStats: container.CPUStats{CPUUsage: container.CPUUsage{TotalUsage: n("precpu")}, OnlineCPUs: 99},
			MemoryStats: container.MemoryStats{Usage: n("memory"), Limit: n("max"), Stats: map[string]uint64{
				rapid.SampledFrom([]string{"total_inactive_file", "inactive_file", "x"}).Draw(t, "stat"): small("cache"),
			}},
			Networks: map[string]container.NetworkStats{"eth0": {RxBytes: small("rx"), TxBytes: small("tx")}, rapid.String().Draw(t, "if"): {RxBytes: 7, TxBytes: 9}},
		}
		body, err := json.MarshalIndent(in, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
		require.NoError(t, err)
		var sent container.StatsResponse
		require.NoError(t, json.Unmarshal(body, &sent))
		got, running, err := decode(body)
		require.NoError(t, err)
		require.True(t, running)
		require.Equal(t, wanted(sent), got)
	})
}

// wanted returns the sample that decode should return for an answer.
func wanted(sent container.StatsResponse) Sample {
	v1, isV1 := sent.MemoryStats.Stats["total_inactive_file"]
	s := Sample{
		Read: sent.Read, CPUTotal: sent.CPUStats.CPUUsage.TotalUsage, SystemCPU: sent.CPUStats.SystemUsage, OnlineCPUs: sent.CPUStats.OnlineCPUs,
		Memory:    lessCache(sent.MemoryStats.Usage, v1, isV1, sent.MemoryStats.Stats["inactive_file"]),
		MemoryMax: sent.MemoryStats.Limit, Pids: sent.PidsStats.Current,
		BlockRead: sent.BlkioStats.IoServiceBytesRecursive[0].Value, BlockWrite: sent.BlkioStats.IoServiceBytesRecursive[1].Value,
	}
	if s.OnlineCPUs == 0 {
		s.OnlineCPUs = 2
	}
	for _, n := range sent.Networks {
		s.NetRx, s.NetTx = s.NetRx+n.RxBytes, s.NetTx+n.TxBytes
	}
	return s
}

func FuzzDecode(f *testing.F) {
	for _, name := range []string{"v1-spin-1.json", "v1-stopped.json", "v2-engine28.json", "podman-1.json"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte(`{"read":"2026-03-02T10:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":1e400}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, running, err := decode(body)
		if err != nil || !running {
			return
		}
		var u Usage
		u.apply(s)
		u.applyPair(Sample{Read: s.Read.Add(-time.Second), SystemCPU: 1}, s)
		sane(t, u, s.OnlineCPUs)
		if json.Valid(body) {
			return
		}
		// Input that encoding/json rejects may be accepted, but only if it begins as an object.
		require.Equal(t, byte('{'), strings.TrimSpace(string(body))[0], "%q", body)
	})
}

func BenchmarkDecode(b *testing.B) {
	body := recorded(b, "v1-spin-2.json")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
