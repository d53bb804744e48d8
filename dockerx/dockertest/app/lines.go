package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// longLine is the size of a long line: three frames of an engine's log.
const longLine = 40_000

// numberedLines COUNT [PER-SECOND [LONG-EVERY [STDERR-EVERY]]] prints numbered lines of 100 bytes, without a rate as fast as
// possible, and then waits. Every LONG-EVERYth line has 40,000 bytes, every STDERR-EVERYth goes to stderr.
func numberedLines(args []string) error {
	n := [4]int{}
	for i, arg := range args[:min(len(args), len(n))] {
		var err error
		if n[i], err = strconv.Atoi(arg); err != nil {
			return err
		}
	}
	count, rate, long, stderr := n[0], n[1], n[2], n[3]
	out, errs := bufio.NewWriterSize(os.Stdout, 64<<10), bufio.NewWriter(os.Stderr)
	began := time.Now()
	for i := range count {
		if rate > 0 {
			if ahead := time.Duration(i)*time.Second/time.Duration(rate) - time.Since(began); ahead > time.Millisecond {
				_, _ = out.Flush(), errs.Flush()
				time.Sleep(ahead)
			}
		}
		size := 100
		if long > 0 && i%long == long-1 {
			size = longLine
		}
		w := io.Writer(out)
		if stderr > 0 && i%stderr == stderr-1 {
			w = errs
		}
		head := fmt.Sprintf("%09d ", i)
		if _, err := io.WriteString(w, head+strings.Repeat("x", size-len(head)-1)+"\n"); err != nil {
			return err
		}
	}
	_, _ = out.Flush(), errs.Flush()
	return wait()
}
