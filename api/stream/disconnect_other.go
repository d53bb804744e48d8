//go:build !linux

package stream

import "syscall"

// disconnectWatcher is implemented on Linux only; elsewhere each connection is read.
type disconnectWatcher struct{}

func newDisconnectWatcher() *disconnectWatcher { return nil }

func (*disconnectWatcher) watch(syscall.RawConn, func()) (forget func(), ok bool) { return nil, false }

func (*disconnectWatcher) close() {}

// limitSilence does nothing: the system's default decides when a vanished client's connection ends.
func limitSilence(syscall.RawConn) {}
