// Command testreport reads the output of `go test -json` and prints a summary: a line per package, all output of each failed test, and
// at the end every skipped test with its reason, which go test itself doesn't show. Its exit code is 1 if anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	ImportPath string // for a build
	Test       string
	Output     string
}

type test struct{ pkg, name string }

type report struct {
	out     io.Writer
	output  map[test][]string
	all     map[string][]string // by package, in order
	failed  []test
	skipped []test
	passed  int
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[test][]string{}, all: map[string][]string{}}
}

func main() {
	r := newReport(os.Stdout)
	err := r.read(os.Stdin)
	r.finish()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
	}
	if err != nil || len(r.failed) > 0 {
		os.Exit(1)
	}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var e event
		if json.Unmarshal([]byte(line), &e) != nil {
			fmt.Fprint(r.out, line) // a line of the go command itself
			continue
		}
		r.add(e)
	}
}

func (r *report) add(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "output":
		r.output[t] = append(r.output[t], e.Output)
		r.all[t.pkg] = append(r.all[t.pkg], e.Output)
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "build-fail":
		r.failed = append(r.failed, test{pkg: e.ImportPath, name: "(build)"})
	case "fail":
		r.fail(t)
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, t)
		}
	case "pass":
		if e.Test != "" {
			r.passed++
			return
		}
		r.packageLine(t)
	}
}

// fail prints the output of the test. It prints the package's whole output if the cause may be elsewhere: a data race, or goleak's output
// from TestMain, which go test attributes to the test that ran last.
func (r *report) fail(t test) {
	if t.name != "" {
		r.failed = append(r.failed, t)
		fmt.Fprint(r.out, strings.Join(r.output[t], ""))
		return
	}
	all := strings.Join(slices.DeleteFunc(r.all[t.pkg], isMarker), "")
	explained := slices.ContainsFunc(r.failed, func(f test) bool { return f.pkg == t.pkg })
	if !explained {
		r.failed = append(r.failed, test{t.pkg, "(outside its tests)"})
	}
	if !explained || strings.Contains(all, "DATA RACE") {
		fmt.Fprint(r.out, all)
	}
}

// isMarker reports whether a line is go test's own, about the start or the success of a test.
func isMarker(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- PASS")
}

// packageLine prints the last line of a package: "ok   wharf/db 1.2s".
func (r *report) packageLine(t test) {
	output := r.output[t]
	if len(output) > 0 && strings.HasPrefix(output[len(output)-1], "ok") {
		fmt.Fprint(r.out, output[len(output)-1])
	}
}

func (r *report) finish() {
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", r.passed, len(r.failed), len(r.skipped))
	for _, t := range r.failed {
		fmt.Fprintf(r.out, "FAILED   %s %s\n", t.pkg, t.name)
	}
	for _, t := range r.skipped {
		fmt.Fprintf(r.out, "skipped  %s %s: %s\n", t.pkg, t.name, reason(r.output[t]))
	}
}

// reason returns the output of a skipped test, without the lines that go test adds.
func reason(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "===") {
			continue
		}
		return line
	}
	return "no reason given"
}
