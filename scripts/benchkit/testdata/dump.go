package main

import (
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// Dumping builds wharf with this file as an overlay. On SIGUSR1 the process writes the stacks of all its goroutines to the file
// GOROUTINES, and continues.
func init() {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			path := os.Getenv("GOROUTINES")
			f, err := os.Create(path + ".new")
			if err == nil {
				err = pprof.Lookup("goroutine").WriteTo(f, 2)
			}
			if err == nil {
				err = f.Close()
			}
			if err == nil {
				err = os.Rename(path+".new", path)
			}
			if err != nil {
				panic(err)
			}
		}
	}()
}
