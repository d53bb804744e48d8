//go:build !linux

package stream

import "syscall"

// disconnectWatcher is for Linux alone; elsewhere each connection is read.
type disconnectWatcher struct{}

func newDisconnectWatcher() *disconnectWatcher { return nil }

func (*disconnectWatcher) watch(syscall.RawConn, func()) (forget func(), ok bool) { return nil, false }

func (*disconnectWatcher) close() {}

// limitSilence leaves it to the system when a vanished client's connection ends.
func limitSilence(syscall.RawConn) {}
