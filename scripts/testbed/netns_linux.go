package main

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// network is the network namespace of a bed's engines. It has its own links, addresses, routes and packet filter, so that engines
// change nothing on the machine. The kernel removes it with the last process inside. A nil network is the machine's own.
type network struct {
	namespace *os.File
}

// newNetwork creates a namespace with a loopback interface. It needs root.
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

// do runs f inside the namespace. A process that f starts and a socket that it opens stay in it.
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

// onOwnThread runs f on a thread that nothing else uses, since a namespace is a property of a thread. The goroutine ends without
// unlocking the thread, so that the runtime ends the thread, too.
func onOwnThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}
