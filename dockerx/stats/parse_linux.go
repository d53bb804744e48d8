package stats

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"strings"
)

// firstNumber returns the number at the beginning of a text: 0 if there is none, the largest uint64 if it is too large.
func firstNumber(text []byte) uint64 {
	n := uint64(0)
	for _, c := range bytes.TrimLeft(text, " \t") {
		if c < '0' || c > '9' {
			break
		}
		if n > (math.MaxUint64-9)/10 {
			return math.MaxUint64
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}

// field returns the number after a name at the beginning of a line, as in memory.stat and cpu.stat; 0 if there is none.
func field(text []byte, name string) uint64 {
	for line := range bytes.Lines(text) {
		if len(line) > len(name) && line[len(name)] == ' ' && string(line[:len(name)]) == name {
			return firstNumber(line[len(name)+1:])
		}
	}
	return 0
}

// blockV1 adds up lines such as "8:0 Read 4096" of blkio.throttle.io_service_bytes_recursive.
func blockV1(text []byte) (read, written uint64) {
	for line := range bytes.Lines(text) {
		_, op, _ := bytes.Cut(line, []byte(" "))
		switch {
		case bytes.HasPrefix(op, []byte("Read ")):
			read = add(read, firstNumber(op[len("Read "):]))
		case bytes.HasPrefix(op, []byte("Write ")):
			written = add(written, firstNumber(op[len("Write "):]))
		}
	}
	return read, written
}

// blockV2 adds up lines such as "8:0 rbytes=4096 wbytes=0 rios=1 …" of io.stat.
func blockV2(text []byte) (read, written uint64) {
	for word := range bytes.FieldsSeq(text) {
		switch {
		case bytes.HasPrefix(word, []byte("rbytes=")):
			read = add(read, firstNumber(word[len("rbytes="):]))
		case bytes.HasPrefix(word, []byte("wbytes=")):
			written = add(written, firstNumber(word[len("wbytes="):]))
		}
	}
	return read, written
}

// networkDev adds up the counters of /proc/<pid>/net/dev (proc(5)). Like the engine, it counts only the interfaces that the
// engine created: not loopback, and not the bridges and veth devices of an engine inside the container.
func networkDev(text []byte) (rx, tx uint64) {
	for line := range bytes.Lines(text) {
		name, counters, ok := bytes.Cut(line, []byte(":"))
		if !ok || isInner(string(bytes.TrimSpace(name))) {
			continue
		}
		i := 0
		for word := range bytes.FieldsSeq(counters) {
			switch i {
			case 0:
				rx = add(rx, firstNumber(word))
			case 8:
				tx = add(tx, firstNumber(word))
			}
			i++
		}
	}
	return rx, tx
}

func isInner(name string) bool {
	return name == "lo" || strings.HasPrefix(name, "docker") || strings.HasPrefix(name, "br-") || strings.HasPrefix(name, "veth")
}

// countCPUs counts the CPUs in a file with a list such as "0-3,6"; 0 if it has another form.
func countCPUs(name string) (uint32, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, span := range strings.Split(strings.TrimSpace(string(text)), ",") {
		first, last, isSpan := strings.Cut(span, "-")
		a, err := strconv.ParseUint(first, 10, 16)
		if err != nil {
			return 0, nil //nolint:nilerr // unknown form
		}
		b := a
		if isSpan {
			if b, err = strconv.ParseUint(last, 10, 16); err != nil || b < a {
				return 0, nil //nolint:nilerr // as above
			}
		}
		n += int(b-a) + 1 //nolint:gosec // 16 bits each
	}
	return uint32(min(n, maxCPUs)), nil //nolint:gosec // bounded
}

// memTotal returns the machine's memory in bytes, from a file such as /proc/meminfo.
func memTotal(name string) (uint64, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("MemTotal:")); ok {
			return firstNumber(rest) * 1024, nil
		}
	}
	return 0, nil
}
