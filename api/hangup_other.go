//go:build !linux

package api

import "syscall"

// hangups is for Linux alone; elsewhere each connection is read.
type hangups struct{}

func newHangups() *hangups { return nil }

func (*hangups) watch(syscall.RawConn, func()) (forget func(), ok bool) { return nil, false }

func (*hangups) close() {}
