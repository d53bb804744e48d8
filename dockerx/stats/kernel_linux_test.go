package stats

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// kernelFixture is a directory with the files of proc and sys that kernelSource reads.
type kernelFixture struct {
	t    *testing.T
	root string
}

func newKernelFixture(t *testing.T, mounts ...string) kernelFixture {
	t.Helper()
	m := kernelFixture{t, t.TempDir()}
	for i := range mounts {
		mounts[i] = strings.ReplaceAll(mounts[i], "ROOT", m.root)
	}
	m.write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"+strings.Join(mounts, "\n")+"\n")
	m.write("proc/meminfo", "MemTotal:       4016640 kB\nMemFree: 1 kB\n")
	m.write("sys/devices/system/cpu/online", "0-1,3\n")
	m.link("proc/self/ns/net", "net:[1]")
	return m
}

func (m kernelFixture) write(name, text string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, os.WriteFile(path, []byte(text), 0o600))
}

func (m kernelFixture) link(name, target string) {
	m.t.Helper()
	path := filepath.Join(m.root, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(m.t, os.Symlink(target, path))
}

// process adds a container's process.
func (m kernelFixture) process(pid int, cgroup, netns string) {
	m.t.Helper()
	dir := fmt.Sprintf("proc/%d", pid)
	m.write(dir+"/cgroup", cgroup)
	m.link(dir+"/ns/net", netns)
	m.write(dir+"/net/dev", `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999       3    0    0    0     0          0         0      999       3    0    0    0     0       0          0
  eth0:     310       3    0    0    0     0          0         0       42       1    0    0    0     0       0          0
  eth1:18446744073709551615 3 0    0    0     0          0         0        1       1    0    0    0     0       0          0
docker0:    777       3    0    0    0     0          0         0      777       1    0    0    0     0       0          0
vethab12:   777       3    0    0    0     0          0         0      777       1    0    0    0     0       0          0
`)
}

func (m kernelFixture) source() *kernelSource { return newKernel(m.root, "").(*kernelSource) }

// read reads each container once.
func read(t *testing.T, k Source, ids ...string) map[string]Reading {
	t.Helper()
	got := map[string]Reading{}
	k.Read(t.Context(), ids, false, func(r Reading) { got[r.ID] = r })
	return got
}

const (
	v2Mount = "30 22 0:26 / ROOT/cg rw - cgroup2 cgroup2 rw"
	maxRx   = 1<<64 - 1
)

func v1Mounts() []string {
	mounts := []string{"50 22 0:30 / ROOT/cg/unified rw - cgroup2 cgroup2 rw"}
	for i, c := range []string{"cpu,cpuacct", "memory", "pids", "blkio"} {
		mounts = append(mounts, fmt.Sprintf("%d 22 0:%d / ROOT/cg/%s rw - cgroup cgroup rw,%s", 31+i, 40+i, c, c))
	}
	return mounts
}

// v1 adds a container with cgroup v1, as the cgroupfs driver does; parent is, for example, "/docker".
func (m kernelFixture) v1(id, parent string, pid int) {
	m.t.Helper()
	at := parent + "/" + id + "/"
	m.write("cg/cpu,cpuacct"+at+"cgroup.procs", fmt.Sprintf("%d\n", pid))
	m.write("cg/cpu,cpuacct"+at+"cpuacct.usage", "123456789\n")
	m.write("cg/memory"+at+"memory.usage_in_bytes", "3698688\n")
	m.write("cg/memory"+at+"memory.limit_in_bytes", "67108864\n")
	m.write("cg/memory"+at+"memory.stat", "cache 1\ninactive_file 5\ntotal_inactive_file 2326528\ntotal_inactive_file_x 7\n")
	m.write("cg/pids"+at+"pids.current", "7\n")
	m.write("cg/blkio"+at+"blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\n8:0 Write 100\n8:0 Total 4196\n8:16 Read 4\nTotal 8292\n")
	m.process(pid, fmt.Sprintf("4:memory:%[1]s\n3:cpu,cpuacct:%[1]s\n2:pids:%[1]s\n1:blkio:%[1]s\n0::%[1]s\n", strings.TrimSuffix(at, "/")), "net:[77]")
}

var wantV1 = Sample{
	CPUTotal: 123456789, OnlineCPUs: 3, Memory: 3698688 - 2326528, MemoryMax: 64 << 20,
	NetRx: maxRx, NetTx: 43, BlockRead: 4100, BlockWrite: 100, Pids: 7,
}

// v2 adds a container with cgroup v2 at dir.
func (m kernelFixture) v2(id, dir string, pid int) {
	m.t.Helper()
	m.write("cg"+dir+"/cgroup.procs", fmt.Sprintf("%d\n", pid))
	m.write("cg"+dir+"/cpu.stat", "usage_usec 5000\nuser_usec 1\nsystem_usec 2\n")
	m.write("cg"+dir+"/memory.current", "138252288\n")
	m.write("cg"+dir+"/memory.max", "max\n")
	m.write("cg"+dir+"/memory.stat", "anon 1\nfile 2\nactive_file 3\ninactive_file 12931072\n")
	m.write("cg"+dir+"/pids.current", "5\n")
	m.write("cg"+dir+"/io.stat", "259:0 rbytes=4096000 wbytes=61440 rios=1 wios=1 dbytes=0 dios=0\n253:1 rbytes=1024 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n8:0 \n")
	m.process(pid, "0::"+dir+"\n", "net:[78]")
}

var wantV2 = Sample{
	CPUTotal: 5000000, OnlineCPUs: 3, Memory: 138252288 - 12931072, MemoryMax: 4016640 << 10,
	NetRx: maxRx, NetTx: 43, BlockRead: 4097024, BlockWrite: 61440, Pids: 5,
}

func requireSample(t *testing.T, want Sample, r Reading) {
	t.Helper()
	require.NoError(t, r.Err)
	require.False(t, r.Sample.Read.IsZero())
	want.Read = r.Sample.Read
	require.Equal(t, want, r.Sample)
}

func TestKernelSourceFindsContainersHoweverTheDriverPutsThem(t *testing.T) {
	t.Parallel()
	id, inner := fakeID(0xabc), fakeID(0xdef)
	for name, c := range map[string]struct {
		mounts []string
		put    func(m kernelFixture)
		want   Sample
	}{
		"v1 cgroupfs":                  {v1Mounts(), func(m kernelFixture) { m.v1(id, "/docker", 100) }, wantV1},
		"v1 below a cgroup of its own": {v1Mounts(), func(m kernelFixture) { m.v1(id, "/kubepods/burstable", 100) }, wantV1},
		"v1 engine inside a container": {v1Mounts(), func(m kernelFixture) {
			m.v1(inner, "/docker", 99)
			m.v1(id, "/docker/"+inner+"/docker", 100)
		}, wantV1},
		"v2 systemd":  {[]string{v2Mount}, func(m kernelFixture) { m.v2(id, "/system.slice/docker-"+id+".scope", 100) }, wantV2},
		"v2 cgroupfs": {[]string{v2Mount}, func(m kernelFixture) { m.v2(id, "/docker/"+id, 100) }, wantV2},
		"v2 engine inside a container": {[]string{v2Mount}, func(m kernelFixture) {
			m.v2(inner, "/system.slice/docker-"+inner+".scope", 99)
			m.v2(id, "/system.slice/docker-"+inner+".scope/docker/"+id, 100)
		}, wantV2},
		"v2 Podman": {[]string{v2Mount}, func(m kernelFixture) { m.v2(id, "/machine.slice/libpod-"+id+".scope", 100) }, wantV2},
		"v2 systemd inside the container": {[]string{v2Mount}, func(m kernelFixture) {
			dir := "/docker/" + id
			m.v2(id, dir, 100)
			m.write("cg"+dir+"/cgroup.procs", "")
			m.write("cg"+dir+"/init.scope/cgroup.procs", "100\n")
			m.write("proc/100/cgroup", "0::"+dir+"/init.scope\n")
		}, wantV2},
		"v2 mounted from below the top": {[]string{"30 22 0:26 /lxc/vm ROOT/cg rw - cgroup2 cgroup2 rw"}, func(m kernelFixture) {
			m.v2(id, "/docker/"+id, 100)
			m.write("proc/100/cgroup", "0::/lxc/vm/docker/"+id+"\n")
		}, wantV2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newKernelFixture(t, c.mounts...)
			c.put(m)
			requireSample(t, c.want, read(t, m.source(), id)[id])
		})
	}
}

func TestKernelSourceTakesNothingOnTrust(t *testing.T) {
	t.Parallel()
	id := fakeID(0xabc)
	for name, spoil := range map[string]func(m kernelFixture){
		"the cgroup is another machine's":         func(m kernelFixture) { require.NoError(t, os.RemoveAll(m.root+"/cg")) },
		"no process is in it":                     func(m kernelFixture) { m.write("cg/docker/"+id+"/cgroup.procs", "") },
		"its processes are in a pid namespace":    func(m kernelFixture) { m.write("cg/docker/"+id+"/cgroup.procs", "0\n0\n") },
		"proc is another machine's":               func(m kernelFixture) { require.NoError(t, os.RemoveAll(m.root+"/proc/100")) },
		"the process is in another cgroup":        func(m kernelFixture) { m.write("proc/100/cgroup", "0::/user.slice\n") },
		"the process's cgroup isn't in our mount": func(m kernelFixture) { m.write("proc/100/cgroup", "0::/../other/"+id+"\n") },
		"its network isn't known":                 func(m kernelFixture) { require.NoError(t, os.Remove(m.root+"/proc/100/ns/net")) },
		"its network can't be read":               func(m kernelFixture) { require.NoError(t, os.Remove(m.root+"/proc/100/net/dev")) },
		"its CPU can't be read":                   func(m kernelFixture) { require.NoError(t, os.Remove(m.root+"/cg/docker/"+id+"/cpu.stat")) },
		"a file is a directory": func(m kernelFixture) {
			require.NoError(t, os.Remove(m.root+"/cg/docker/"+id+"/io.stat"))
			require.NoError(t, os.Mkdir(m.root+"/cg/docker/"+id+"/io.stat", 0o755))
		},
		"no cgroups are mounted":           func(m kernelFixture) { m.write("proc/self/mountinfo", "") },
		"the machine's memory isn't known": func(m kernelFixture) { m.write("proc/meminfo", "") },
		"the machine's CPUs aren't known":  func(m kernelFixture) { m.write("sys/devices/system/cpu/online", "x-y\n") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newKernelFixture(t, v2Mount)
			m.v2(id, "/docker/"+id, 100)
			m.v2(fakeID(2), "/docker/"+fakeID(2), 101)
			spoil(m)
			require.ErrorIs(t, read(t, m.source(), id)[id].Err, ErrUnread)
		})
	}
}

func TestKernelSourceLeavesOutWhatIsNotInUse(t *testing.T) {
	t.Parallel()
	id := fakeID(3)
	m := newKernelFixture(t, v2Mount)
	m.v2(id, "/docker/"+id, 100)
	for _, name := range []string{"io.stat", "pids.current", "memory.current", "memory.stat", "memory.max"} {
		require.NoError(t, os.Remove(filepath.Join(m.root, "cg/docker", id, name)))
	}
	want := wantV2
	want.Memory, want.Pids, want.BlockRead, want.BlockWrite = 0, 0, 0, 0
	requireSample(t, want, read(t, m.source(), id)[id])
}

func TestContainerInTheHostsNetworkHasNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	id := fakeID(3)
	m := newKernelFixture(t, v2Mount)
	m.v2(id, "/docker/"+id, 100)
	require.NoError(t, os.Remove(m.root+"/proc/100/ns/net"))
	m.link("proc/100/ns/net", "net:[1]")
	want := wantV2
	want.NetRx, want.NetTx = 0, 0
	requireSample(t, want, read(t, m.source(), id)[id])
}

func TestNextContainerIsFoundNextToTheFirst(t *testing.T) {
	t.Parallel()
	m := newKernelFixture(t, v1Mounts()...)
	m.v1(fakeID(1), "/docker", 100)
	k := m.source()
	requireSample(t, wantV1, read(t, k, fakeID(1))[fakeID(1)])
	m.v1(fakeID(2), "/docker", 101)
	m.v1(fakeID(3), "/elsewhere", 102)
	got := read(t, k, fakeID(1), fakeID(2), fakeID(3), fakeID(4))
	for i := 1; i <= 3; i++ {
		requireSample(t, wantV1, got[fakeID(i)])
	}
	require.ErrorIs(t, got[fakeID(4)].Err, ErrUnread)
	require.Len(t, k.tree.patterns, 2)
}

func TestUpdatedLimitIsReadAgain(t *testing.T) {
	t.Parallel()
	id := fakeID(1)
	m := newKernelFixture(t, v1Mounts()...)
	m.v1(id, "/docker", 100)
	k := m.source()
	read(t, k, id)
	m.write("cg/memory/docker/"+id+"/memory.limit_in_bytes", "9223372036854771712\n")
	k.Forget(id)
	require.EqualValues(t, 4016640<<10, read(t, k, id)[id].Sample.MemoryMax, "no limit is the machine's memory")
}

func TestProcessNumberThatWentToAnotherIsNotRead(t *testing.T) {
	t.Parallel()
	id := fakeID(1)
	m := newKernelFixture(t, v1Mounts()...)
	m.v1(id, "/docker", 100)
	k := m.source()
	read(t, k, id)
	require.NoError(t, os.Remove(m.root+"/proc/100/ns/net"))
	m.link("proc/100/ns/net", "net:[555]")
	require.ErrorIs(t, read(t, k, id)[id].Err, ErrUnread)
}

func TestPairsAreMinGapApart(t *testing.T) {
	t.Parallel()
	id := fakeID(1)
	m := newKernelFixture(t, v1Mounts()...)
	m.v1(id, "/docker", 100)
	synctest.Test(t, func(t *testing.T) {
		var got []Reading
		m.source().Read(t.Context(), []string{id, fakeID(2)}, true, func(r Reading) { got = append(got, r) })
		require.Len(t, got, 3)
		require.ErrorIs(t, got[0].Err, ErrUnread)
		require.Equal(t, minGap, got[2].Sample.Read.Sub(got[1].Sample.Read))
	})
}

func FuzzKernelTexts(f *testing.F) {
	f.Add([]byte("8:0 Read 4096\ntotal_inactive_file 7\n  eth0: 1 2 3 4 5 6 7 8 9\n253:1 rbytes=1 wbytes=2\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		firstNumber(text)
		field(text, "total_inactive_file")
		blockV1(text)
		blockV2(text)
		networkDev(text)
	})
}

// TestKernelSourceOutlivesTheLackOfDescriptors runs in a separate process, since the limit applies to the process.
func TestKernelSourceOutlivesTheLackOfDescriptors(t *testing.T) {
	t.Parallel()
	const inner = "WHARF_TEST_DESCRIPTORS"
	if os.Getenv(inner) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // this very test
		cmd.Env = append(os.Environ(), inner+"=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return
	}
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	m := newKernelFixture(t, v1Mounts()...)
	known, later := fakeID(0), fakeID(1)
	m.v1(known, "/docker", 71)
	m.v1(later, "/docker", 72)
	fresh, warm := m.source(), m.source()
	requireSample(t, wantV1, read(t, warm, known)[known])
	var taken []int
	for {
		fd, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			break
		}
		taken = append(taken, fd)
	}
	require.ErrorIs(t, read(t, fresh, known)[known].Err, errNoFiles)
	got := read(t, warm, known, later)
	require.ErrorIs(t, got[known].Err, errNoFiles)
	require.ErrorIs(t, got[later].Err, errNoFiles)
	for _, fd := range taken {
		require.NoError(t, syscall.Close(fd))
	}
	requireSample(t, wantV1, read(t, fresh, known)[known])
	got = read(t, warm, known, later)
	requireSample(t, wantV1, got[known])
	requireSample(t, wantV1, got[later])
}
