package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// spin PERCENT keeps that share of one core busy (100 is one core, 150 one and a half), in periods of 20 ms, so that the share
// is the same in any second.
func spin(args []string) error {
	percent := 100
	if len(args) > 0 {
		n, err := strconv.Atoi(strings.TrimSuffix(args[0], "%"))
		if err != nil {
			return err
		}
		percent = n
	}
	for ; percent > 100; percent -= 100 {
		go burn(100)
	}
	burn(percent)
	return nil
}

func burn(percent int) {
	const period = 20 * time.Millisecond
	busy := period * time.Duration(percent) / 100
	for next := time.Now(); ; next = next.Add(period) {
		for time.Since(next) < busy {
			continue
		}
		if rest := time.Until(next.Add(period)); rest > 0 && percent < 100 {
			time.Sleep(rest)
		}
	}
}

// alloc BYTES allocates that much memory, writes to every page, and waits.
func alloc(args []string) error {
	n, err := size(args)
	if err != nil {
		return err
	}
	held := make([]byte, n)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	fmt.Println("allocated", n)
	err = wait()
	held[0] = 2 // keeps it in use, so that the garbage collector doesn't free it
	return err
}

// cache BYTES [FILE] writes a file and reads it back, so that it is in the page cache, which the formula for memory excludes.
func cache(args []string) error {
	n, err := size(args)
	if err != nil {
		return err
	}
	name := "/tmp/cache"
	if len(args) > 1 {
		name = args[1]
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	chunk := make([]byte, 1<<20)
	for left := n; left > 0; left -= int64(len(chunk)) {
		if _, err := f.Write(chunk[:min(left, int64(len(chunk)))]); err != nil {
			return err
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, f); err != nil {
		return err
	}
	fmt.Println("cached", n)
	return wait()
}

// size parses the first argument as a number of bytes: "4096", "64k", "128m", "1g" (base 1024).
func size(args []string) (int64, error) {
	if len(args) == 0 {
		return 0, fmt.Errorf("want a size")
	}
	text, unit := args[0], int64(1)
	for suffix, factor := range map[string]int64{"k": 1 << 10, "m": 1 << 20, "g": 1 << 30} {
		if strings.HasSuffix(text, suffix) {
			text, unit = strings.TrimSuffix(text, suffix), factor
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n * unit, err
}
