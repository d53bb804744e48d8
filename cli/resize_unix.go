//go:build unix

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// onResize calls f whenever the terminal's size changes, until ctx ends or stop is called.
func onResize(ctx context.Context, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	changes := make(chan os.Signal, 1)
	signal.Notify(changes, syscall.SIGWINCH)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-changes:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(changes)
		cancel()
		<-done
	}
}
