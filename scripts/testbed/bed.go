package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// bedPrefix is the prefix of every bed's directory. It is in /tmp, not in $TMPDIR, because socket paths below it may have at most
	// 107 bytes.
	bedPrefix   = "/tmp/wharf-testbed-"
	lockName    = "lock"
	dirVariable = "WHARF_TESTBED_DIR"
)

// newBedDir creates a bed's directory and holds its lock until this process ends. If a directory's lock is free, its owner is gone.
func newBedDir() (string, error) {
	dir, err := os.MkdirTemp("/tmp", filepath.Base(bedPrefix))
	if err != nil {
		return "", err
	}
	// Postgres and the users of the sockets need access.
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	// Locked before it gets its name, so that a sweep never sees it unlocked.
	temp := filepath.Join(dir, lockName+".new")
	fd, err := syscall.Open(temp, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return "", err
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return "", err
	}
	pid := strconv.Itoa(os.Getpid())
	if _, err := syscall.Write(fd, []byte(pid)); err != nil {
		return "", err
	}
	return dir, os.Rename(temp, filepath.Join(dir, lockName))
}

// running reports whether a bed's owner is alive.
func running(dir string) bool {
	f, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	return errors.Is(err, syscall.EWOULDBLOCK)
}

// terminate asks a bed's owner to clean up, and waits until it has.
func terminate(dir string) error {
	content, err := os.ReadFile(filepath.Join(dir, lockName))
	if err != nil {
		return fmt.Errorf("find the bed's owner: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return fmt.Errorf("find the bed's owner: %w", err)
	}
	err = syscall.Kill(pid, syscall.SIGTERM)
	if errors.Is(err, syscall.EPERM) {
		err = exec.Command("sudo", "-n", "kill", strconv.Itoa(pid)).Run()
	}
	if err != nil {
		return fmt.Errorf("end the bed's owner: %w", err)
	}
	for deadline := time.Now().Add(90 * time.Second); running(dir); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the bed in %s is not gone after 90 s", dir)
		}
	}
	return nil
}

// sweep removes the beds of owners that were killed.
func sweep() {
	dirs, _ := filepath.Glob(bedPrefix + "*")
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ownedByUs(info) {
			continue
		}
		_, err = os.Stat(filepath.Join(dir, lockName))
		unborn := err != nil && time.Since(info.ModTime()) < time.Hour
		if unborn || running(dir) {
			continue
		}
		say("clearing away %s, left by a run that was killed", dir)
		if err := clearBed(dir); err != nil {
			say("%v", err)
		}
	}
}

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
