package logs

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"

	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// Filter picks lines. The zero Filter picks all.
type Filter struct {
	Stream logs.Stream // 0: both
	Levels []string    // any of them; empty: all
	Grep   string      // text in the line
	Regex  bool        // Grep is a regular expression (RE2)
	Invert bool        // lines without Grep

	text []byte
	re   *regexp.Regexp
}

// maxProgram bounds a compiled expression: its size is what a line's cost grows with.
const maxProgram = 10_000

// Compile prepares the filter. Errors: apperr.Invalid.
func (f *Filter) Compile() error {
	if f.Invert && f.Grep == "" {
		return apperr.New(apperr.Invalid, "invert: goes with grep")
	}
	if f.Regex && f.Grep == "" {
		return apperr.New(apperr.Invalid, "regex: goes with grep")
	}
	if !f.Regex {
		f.text = []byte(f.Grep)
		return nil
	}
	parsed, err := syntax.Parse(f.Grep, syntax.Perl)
	if err == nil {
		var prog *syntax.Prog
		if prog, err = syntax.Compile(parsed.Simplify()); err == nil && len(prog.Inst) > maxProgram {
			return apperr.New(apperr.Invalid, "grep: the expression is too large")
		}
	}
	if err == nil {
		f.re, err = regexp.Compile(f.Grep)
	}
	if err != nil {
		return apperr.New(apperr.Invalid, "grep: no regular expression (RE2): %v", err)
	}
	return nil
}

// IsZero reports whether the filter picks all lines.
func (f *Filter) IsZero() bool { return f.Stream == 0 && len(f.Levels) == 0 && f.Grep == "" }

// Searches reports whether the filter looks into lines.
func (f *Filter) Searches() bool { return len(f.Levels) > 0 || f.Grep != "" }

// Match reports whether the filter picks a line.
func (f *Filter) Match(stream logs.Stream, text []byte) bool {
	if f.Stream != 0 && stream != f.Stream {
		return false
	}
	if f.Grep != "" && f.grep(text) == f.Invert {
		return false
	}
	return len(f.Levels) == 0 || slices.Contains(f.Levels, LevelOf(text))
}

func (f *Filter) grep(text []byte) bool {
	if f.re != nil {
		return f.re.Match(text)
	}
	return bytes.Contains(text, f.text)
}

// Pick returns the numbers of the lines that it picks; all is true where it picks all of them.
func (f *Filter) Pick(b *logs.Batch, dst []int) (only []int, all bool) {
	if f.IsZero() {
		return nil, true
	}
	for i := range b.Lines {
		if f.Match(b.Lines[i].Stream, b.Text(i)) {
			dst = append(dst, i)
		}
	}
	return dst, len(dst) == len(b.Lines)
}
