package stats

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"wharf/util/apperr"
)

// hostRoot is the directory that contains proc and sys; tests use their own.
const hostRoot = "/"

// kernelSource is the Source that reads the same files as the engine's runtime: the cgroups' and /proc/<pid>/net/dev. That
// costs a fortieth of asking the engine. It is safe for concurrent use.
//
// It works only if the engine's containers are processes of this kernel. That is verified for each container: there must be a
// mounted cgroup that is named by the container's id, which has 256 random bits; it must contain a process; and /proc must
// confirm that this process is in that cgroup. A container of another machine or of an earlier boot can't pass this check,
// wherever the socket leads.
type kernelSource struct {
	root   string // directory of proc and sys
	socket string // the engine's; "" if it has none

	mu      sync.Mutex
	tree    *cgroupTree // nil until the machine was examined
	groups  map[string]*cgroup
	foreign map[string]bool // network namespaces that don't belong to a container
	cpus    uint32
	memory  uint64 // of the machine, in bytes
}

func newKernel(root, socket string) Source {
	return &kernelSource{root: root, socket: socket, groups: map[string]*cgroup{}}
}

// Cost returns 0: the engine isn't asked.
func (k *kernelSource) Cost() time.Duration { return 0 }

// Forget drops the cached location of a container's files, and its memory limit.
func (k *kernelSource) Forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.groups, id)
}

func (k *kernelSource) Read(ctx context.Context, ids []string, pairs bool, got func(Reading)) {
	groups, lacking := k.locate(ids) //nolint:contextcheck // peerPID dials once, a second at most
	again := time.Now().Add(minGap)
	buf := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(buf)
	pass := func() {
		for i, id := range ids {
			if groups[i] == nil || ctx.Err() != nil {
				continue
			}
			s, err := groups[i].read(*buf)
			switch {
			case lacksFiles(err):
				err = errNoFiles
			case err != nil:
				groups[i], err = nil, ErrUnread
				k.Forget(id)
			}
			got(Reading{ID: id, Sample: s, Err: err})
		}
	}
	for i, id := range ids {
		if groups[i] == nil {
			got(Reading{ID: id, Err: lacking})
		}
	}
	pass()
	if pairs && sleepUntil(ctx, again) {
		pass()
	}
}

// buffers is a pool of buffers for one file each: memory.stat has 2 KiB, net/dev 130 bytes for each interface.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// readFile reads a whole file of the kernel into buf. It doesn't use package os, which would try to register the file with
// the poller.
func readFile(name string, buf []byte) ([]byte, error) {
	fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	for errors.Is(err, syscall.EINTR) {
		fd, err = syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer func() { _ = syscall.Close(fd) }()
	n := 0
	for n < len(buf) {
		m, err := syscall.Read(fd, buf[n:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: name, Err: err}
		case m == 0:
			return buf[:n], nil
		}
		n += m
	}
	return buf[:n], nil
}

// errNoFiles is the error if this process has too many open files, which is temporary.
var errNoFiles = apperr.New(apperr.Unavailable, "the server has no file descriptor left")

// locate returns the containers' cgroups. For those that it can't find they are nil, and lacking is the reason: ErrUnread or
// errNoFiles.
func (k *kernelSource) locate(ids []string) (groups []*cgroup, lacking error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make([]*cgroup, len(ids))
	var missing []string
	for i, id := range ids {
		if out[i] = k.groups[id]; out[i] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	if !k.examine() {
		if k.tree == nil {
			return out, errNoFiles
		}
		return out, ErrUnread
	}
	k.tree.starved = false
	dirs := k.tree.find(missing)
	for i, id := range ids {
		if out[i] != nil || dirs[id] == "" {
			continue
		}
		g, err := k.open(id, dirs[id])
		if err != nil {
			k.tree.failed(err)
			continue
		}
		k.groups[id], out[i] = g, g
	}
	if k.tree.starved {
		return out, errNoFiles
	}
	return out, ErrUnread
}

// examine reads the machine's properties once, and reports whether it has a usable cgroup hierarchy. If k.tree is nil
// afterwards, no file descriptor was left; the next call tries again.
func (k *kernelSource) examine() bool {
	if k.tree != nil {
		return k.tree.dir != ""
	}
	k.tree = readTree(filepath.Join(k.root, "proc/self/mountinfo"))
	var err error
	k.cpus, err = countCPUs(filepath.Join(k.root, "sys/devices/system/cpu/online"))
	k.tree.failed(err)
	k.memory, err = memTotal(filepath.Join(k.root, "proc/meminfo"))
	k.tree.failed(err)
	peer, err := peerPID(k.socket)
	k.tree.failed(err)
	if k.tree.starved {
		k.tree = nil
		return false
	}
	if k.cpus == 0 || k.memory == 0 {
		k.tree.dir = ""
	}
	k.foreign = map[string]bool{}
	for _, pid := range []string{"self", "1", peer} {
		if ns, err := os.Readlink(filepath.Join(k.root, "proc", pid, "ns/net")); pid != "" && err == nil {
			k.foreign[ns] = true
		}
	}
	return k.tree.dir != ""
}
