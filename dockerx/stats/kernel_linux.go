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

// hostRoot is where proc and sys are; tests have trees of their own.
const hostRoot = "/"

// kernelSource reads containers' counters where the engine's own runtime does: in the cgroups'
// files and in /proc/<pid>/net/dev. That costs a fortieth of asking the engine. It is safe for
// concurrent use.
//
// It works only where the engine's containers are processes of this very kernel. That is never
// assumed, but seen for each container: a cgroup in our own mounts is named by its id of 256 random
// bits, has a process in it, and /proc says of that process that it is in that cgroup. No other
// machine, and no earlier boot of this one, could pass that, whatever the socket leads to.
type kernelSource struct {
	root   string // of proc and sys
	socket string // the engine's; "" where it has none

	mu      sync.Mutex
	tree    *cgroupTree // nil until it was looked for
	groups  map[string]*cgroup
	foreign map[string]bool // network namespaces that are no container's own
	cpus    uint32
	memory  uint64 // bytes that the machine has
}

func newKernel(root, socket string) Source {
	return &kernelSource{root: root, socket: socket, groups: map[string]*cgroup{}}
}

// Cost is nothing: the engine isn't asked.
func (k *kernelSource) Cost() time.Duration { return 0 }

// Forget drops where a container's files are, and its memory limit.
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

// buffers hold one file each: memory.stat has 2 KiB, net/dev 130 bytes an interface.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// readFile reads a whole file of the kernel's into buf, past package os, which would try to
// register it with the poller.
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

// errNoFiles says that this process has too many files open to read more. It passes.
var errNoFiles = apperr.New(apperr.Unavailable, "the server has no file descriptor left")

// locate finds the containers' groups; nil where there is none to be seen, and why: ErrUnread or errNoFiles.
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
	if !k.look() {
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

// look learns once what this machine is like. Without a tree afterwards no descriptor was left to learn it with.
func (k *kernelSource) look() bool {
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
