package logs

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"

	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// Filter selects lines. The zero Filter selects all. Compile must be called before any other method.
type Filter struct {
	Stream logs.Stream // 0: both
	Levels []string    // one of them must match; empty: all
	Grep   string      // a text in the line
	Regex  bool        // Grep is a regular expression (RE2)
	Invert bool        // selects lines that don't match Grep

	text []byte
	re   *regexp.Regexp
}

// maxProgram bounds the size of a compiled expression: the cost per line grows with it.
const maxProgram = 10_000

// Compile checks and prepares the filter. Errors: apperr.Invalid.
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

// IsZero reports whether the filter selects all lines.
func (f *Filter) IsZero() bool { return f.Stream == 0 && len(f.Levels) == 0 && f.Grep == "" }

// Searches reports whether the filter depends on the text of lines.
func (f *Filter) Searches() bool { return len(f.Levels) > 0 || f.Grep != "" }

// Match reports whether the filter selects a line.
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

// Pick appends the indexes of the selected lines to dst. all is true if it selects all lines of the batch.
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
