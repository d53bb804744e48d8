package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clearBed removes everything that is left of a bed: processes, mounts, files. It is the last step of an orderly end, and the only one
// for a bed whose owner was killed.
func clearBed(dir string) error {
	if err := removeBedContainers(dir); err != nil {
		say("%v", err)
	}
	killProcesses(dir)
	err := unmountAll(dir)
	if removeErr := removeAll(dir); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("remove the bed's directory: %w", removeErr))
	}
	return err
}

// killProcesses kills the processes with the directory on their command line (engines, containerd, its shims, Postgres), and the
// shims' children, which are the containers.
func killProcesses(dir string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		pids := processesOf(dir)
		if len(pids) == 0 {
			return
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func processesOf(dir string) []int {
	var pids []int
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if pid == os.Getpid() {
			continue
		}
		parents[pid] = parentOf(pid)
		if line, _ := os.ReadFile(file); bytes.Contains(line, []byte(dir+"/")) {
			pids = append(pids, pid)
		}
	}
	for pid, parent := range parents {
		if slices.Contains(pids, parent) && !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// parentOf returns the fourth field of /proc/PID/stat; the second is in parentheses and may contain spaces.
func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	fields := bytes.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}

func unmountAll(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("find the bed's mounts: %w", err)
	}
	var errs []error
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[1], dir+"/") {
			continue
		}
		if err := syscall.Unmount(fields[1], syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", fields[1], err))
		}
	}
	return errors.Join(errs...)
}

// removeAll retries for a while: a process that was just killed may still be writing.
func removeAll(dir string) error {
	var err error
	for range 40 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
