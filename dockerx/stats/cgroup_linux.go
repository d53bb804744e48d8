package stats

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// cgroup locates one container's files. It is immutable.
type cgroup struct {
	v2                    bool
	cpu, memory, pids, io string // directories; "" if the controller isn't in use
	proc                  string // directory in /proc of one of its processes
	netns                 string // "" if the container uses another's network namespace
	limit                 uint64 // bytes of memory
	cpus                  uint32
}

// open checks that dir is the container's cgroup and has a process on this kernel, and finds its files. The caller holds k.mu.
func (k *kernelSource) open(id, dir string) (*cgroup, error) {
	pid := k.tree.firstPID(dir, 0)
	if pid == "" {
		return nil, ErrUnread
	}
	g := &cgroup{v2: k.tree.v2, proc: filepath.Join(k.root, "proc", pid), cpus: k.cpus}
	text, err := os.ReadFile(g.proc + "/cgroup")
	if err != nil {
		return nil, fmt.Errorf("check a container's cgroup: %w", err)
	}
	if err := g.place(k.tree, id, dir, string(text)); err != nil {
		return nil, err
	}
	ns, err := os.Readlink(g.proc + "/ns/net")
	if err != nil {
		return nil, fmt.Errorf("check a container's network: %w", err)
	}
	if !k.foreign[ns] {
		g.netns = ns
	}
	g.limit, err = g.readLimit(k.memory)
	return g, err
}

// place sets the controllers' directories from text, the content of /proc/<pid>/cgroup (cgroups(7):
// hierarchy:controllers:path). It returns ErrUnread if the process isn't in the cgroup at dir.
func (g *cgroup) place(t *cgroupTree, id, dir, text string) error {
	seen := map[string]string{}
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 || !strings.Contains(parts[2], id) {
			continue
		}
		for _, controller := range strings.Split(parts[1], ",") {
			seen[controller] = upTo(parts[2], id)
		}
	}
	if g.v2 {
		if at, ok := t.mounts[""].dir(seen[""]); !ok || at != dir {
			return ErrUnread
		}
		g.cpu, g.memory, g.pids, g.io = dir, dir, dir, dir
		return nil
	}
	if at, ok := t.mounts["cpuacct"].dir(seen["cpuacct"]); !ok || at != dir || seen["memory"] == "" {
		return ErrUnread
	}
	g.cpu = dir
	for controller, into := range map[string]*string{"memory": &g.memory, "pids": &g.pids, "blkio": &g.io} {
		at, ok := t.mounts[controller].dir(seen[controller])
		if seen[controller] != "" && t.mounts[controller].point != "" && ok {
			*into = at
		}
	}
	return nil
}

// upTo truncates a cgroup's path after the element that contains the id: a process may be in a cgroup below its container's.
func upTo(path, id string) string {
	i := strings.Index(path, id) + len(id)
	if j := strings.IndexByte(path[i:], '/'); j >= 0 {
		return path[:i+j]
	}
	return path
}

// readLimit returns the memory limit as the engine reports it: the machine's memory if there is no limit or a higher one.
func (g *cgroup) readLimit(machine uint64) (uint64, error) {
	name := "/memory.limit_in_bytes"
	if g.v2 {
		name = "/memory.max"
	}
	text, err := os.ReadFile(g.memory + name)
	if lacksFiles(err) {
		return 0, err
	}
	if limit := firstNumber(text); err == nil && limit > 0 && limit < machine {
		return limit, nil
	}
	return machine, nil // "max" is no number
}

// read reads a sample. The CPU's file is read last: if it exists, the container existed during the whole read, so a missing
// file belongs to a controller that isn't in use.
func (g *cgroup) read(buf []byte) (Sample, error) {
	s := Sample{OnlineCPUs: g.cpus, MemoryMax: g.limit}
	files := []struct {
		name string
		take func(text []byte, s *Sample)
	}{
		{g.memory + "/memory.usage_in_bytes", func(b []byte, s *Sample) { s.Memory = firstNumber(b) }},
		{g.memory + "/memory.stat", func(b []byte, s *Sample) { s.Memory = lessCache(s.Memory, field(b, "total_inactive_file"), true, 0) }},
		{g.pids + "/pids.current", func(b []byte, s *Sample) { s.Pids = firstNumber(b) }},
		{g.io + "/blkio.throttle.io_service_bytes_recursive", func(b []byte, s *Sample) { s.BlockRead, s.BlockWrite = blockV1(b) }},
		{g.cpu + "/cpuacct.usage", func(b []byte, s *Sample) { s.CPUTotal = firstNumber(b) }},
	}
	if g.v2 {
		files[0].name = g.memory + "/memory.current"
		files[1].take = func(b []byte, s *Sample) { s.Memory = lessCache(s.Memory, 0, false, field(b, "inactive_file")) }
		files[3].name, files[3].take = g.io+"/io.stat", func(b []byte, s *Sample) { s.BlockRead, s.BlockWrite = blockV2(b) }
		files[4].name, files[4].take = g.cpu+"/cpu.stat", func(b []byte, s *Sample) { s.CPUTotal = 1000 * field(b, "usage_usec") }
	}
	if err := g.readNetwork(buf, &s); err != nil {
		return Sample{}, err
	}
	last := len(files) - 1
	for i, f := range files {
		text, err := readFile(f.name, buf)
		switch {
		case err == nil:
			f.take(text, &s)
		case i == last || !errors.Is(err, fs.ErrNotExist):
			return Sample{}, err
		}
	}
	s.Read = time.Now()
	return s, nil
}

// readNetwork adds up the container's interfaces. It checks the network namespace first: the process may have ended, and its
// pid may belong to another process.
func (g *cgroup) readNetwork(buf []byte, s *Sample) error {
	if g.netns == "" {
		return nil
	}
	if ns, err := os.Readlink(g.proc + "/ns/net"); err != nil || ns != g.netns {
		return ErrUnread
	}
	text, err := readFile(g.proc+"/net/dev", buf)
	if err != nil {
		return err
	}
	s.NetRx, s.NetTx = networkDev(text)
	return nil
}
