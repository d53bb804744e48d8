package main

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// network is the network namespace of a bed's engines: links, addresses, routes and a packet filter of their own,
// so that nothing an engine does to them reaches the machine's. The kernel removes all of it with the last process
// inside. A nil network is the machine's.
type network struct {
	namespace *os.File
}

// newNetwork makes a namespace with a loopback interface. It needs root.
func newNetwork() (*network, error) {
	n := &network{}
	err := onOwnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		var err error
		n.namespace, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, n.ip("link", "set", "lo", "up")
}

// do runs f inside the namespace. A process that f starts and a socket that it opens stay there.
func (n *network) do(f func() error) error {
	if n == nil {
		return f()
	}
	return onOwnThread(func() error {
		if err := unix.Setns(int(n.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the bed's network: %w", err)
		}
		return f()
	})
}

// onOwnThread runs f on a thread that nothing else uses: a namespace is a property of a thread. The goroutine ends
// without unlocking the thread, so the runtime ends the thread with it.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}
