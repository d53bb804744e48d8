package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"unsafe"
)

// winsize prints the size of its terminal as "columns x rows", at the start and whenever it changes, until its input ends.
func winsize([]string) error {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	go func() {
		for {
			var s struct{ rows, columns, x, y uint16 }
			_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, 1, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&s)))
			fmt.Printf("%d x %d\n", s.columns, s.rows)
			<-changed
		}
	}()
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// stubborn DURATION ignores the end of its input, and SIGTERM, SIGINT and SIGHUP, until the duration has passed.
func stubborn(args []string) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	fmt.Println("here to stay")
	return sleep(args)
}
