package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processes finds the processes whose CPU time counts as the engine's: the daemon, its containerd and its containers' shims, which
// come and go.
type processes struct {
	daemon     int
	containerd string // the path of its socket
	namespace  string
}

func engineProcesses(socket string) (processes, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return processes{}, err
	}
	defer c.Close()
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return processes{}, err
	}
	p := processes{namespace: "moby"}
	var credErr error
	err = raw.Control(func(fd uintptr) {
		cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
		if credErr = err; err == nil {
			p.daemon = int(cred.Pid)
		}
	})
	if err = errors.Join(err, credErr); err != nil {
		return p, fmt.Errorf("find the listener on %s: %w", socket, err)
	}
	args := commandLine(p.daemon)
	for i, arg := range args {
		switch {
		case arg == "--containerd" && i+1 < len(args):
			p.containerd = args[i+1]
		case arg == "--containerd-namespace" && i+1 < len(args):
			p.namespace = args[i+1]
		}
	}
	return p, nil
}

func commandLine(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Split(string(text), "\x00")
}

// pids returns the engine's current processes.
func (p processes) pids() []int {
	found := []int{p.daemon}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		args := commandLine(pid)
		if !strings.HasPrefix(filepath.Base(args[0]), "containerd") {
			continue
		}
		line := strings.Join(args, " ")
		shim := strings.Contains(args[0], "shim")
		if shim && !strings.Contains(line, "-namespace "+p.namespace+" ") {
			continue
		}
		if p.containerd == "" || strings.Contains(line, filepath.Dir(p.containerd)+"/") {
			found = append(found, pid)
		}
	}
	return found
}

// cpu returns the CPU time that processes have used so far. It reads the scheduler's counters of each thread, which are exact; those
// of a whole process are rounded down to 10 ms, and there are 200 shims.
func cpu(pids ...int) time.Duration {
	total := time.Duration(0)
	for _, pid := range pids {
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		for _, t := range tasks {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, t.Name()))
			first, _, _ := bytes.Cut(text, []byte(" "))
			ns, _ := strconv.ParseInt(string(first), 10, 64)
			total += time.Duration(ns)
		}
	}
	return total
}

// load returns the share of a core that the processes used while f ran.
func (p processes) load(f func()) float64 {
	pids := p.pids()
	before, began := cpu(pids...), time.Now()
	f()
	return float64(cpu(pids...)-before) / float64(time.Since(began))
}

// rss returns a process's resident memory in bytes.
func rss(pid int) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}
