package stats

import (
	"errors"
	"math"
	"strconv"
)

// errJSON is the error for a sample that isn't JSON of the expected form.
var errJSON = errors.New("the engine's sample is not valid JSON")

// maxDepth is the maximum nesting of values: Docker's samples have five levels.
const maxDepth = 64

// scanner scans one JSON text without allocating. After the first error every call does nothing. It doesn't check everything
// (commas, escapes in skipped strings), since it only extracts known fields; encoding/json takes eight times as long.
type scanner struct {
	b     []byte
	i     int
	depth int
	err   error
}

func (s *scanner) fail() {
	s.err = errJSON
	s.i = len(s.b)
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.i < len(s.b); s.i++ {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
		default:
			return s.b[s.i]
		}
	}
	return 0
}

// object calls field for each key of an object; field must consume the value. A value of another kind, such as null, is
// skipped.
func (s *scanner) object(field func(key []byte)) {
	s.each('{', '}', func() {
		key := s.text()
		if s.peek() != ':' {
			s.fail()
			return
		}
		s.i++
		field(key)
	})
}

// array calls element for each element of an array; element must consume it. A value of another kind is skipped.
func (s *scanner) array(element func()) { s.each('[', ']', element) }

func (s *scanner) each(open, end byte, item func()) {
	if s.err != nil {
		return
	}
	if s.peek() != open {
		s.skip()
		return
	}
	if s.depth++; s.depth > maxDepth {
		s.fail()
		return
	}
	s.i++
	for first := true; s.err == nil; first = false {
		switch c := s.peek(); {
		case c == end:
			s.i++
			s.depth--
			return
		case !first && c != ',', c == 0:
			s.fail()
			return
		case !first:
			s.i++
		}
		item()
	}
}

// text returns the bytes between a string's quotes, with escapes undecoded. A value of another kind is an error.
func (s *scanner) text() []byte {
	if s.err != nil || s.peek() != '"' {
		s.fail()
		return nil
	}
	s.i++
	for start := s.i; s.i < len(s.b); s.i++ {
		switch s.b[s.i] {
		case '"':
			s.i++
			return s.b[start : s.i-1]
		case '\\':
			s.i++
		}
	}
	s.fail()
	return nil
}

// number returns a counter. Fractions are truncated; negative numbers become 0, and numbers that are too large the largest
// uint64. Values of other kinds are 0.
func (s *scanner) number() uint64 {
	if s.err != nil {
		return 0
	}
	if c := s.peek(); c != '-' && (c < '0' || c > '9') {
		s.skip()
		return 0
	}
	word := s.word()
	n, whole := uint64(0), true
	for _, c := range word {
		if c < '0' || c > '9' || n > (math.MaxUint64-9)/10 {
			whole = false
			break
		}
		n = n*10 + uint64(c-'0')
	}
	if whole {
		return n
	}
	return s.oddNumber(word)
}

// oddNumber converts numbers with a sign, fraction or exponent, and those near the largest uint64.
func (s *scanner) oddNumber(word []byte) uint64 {
	if n, err := strconv.ParseUint(string(word), 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(word), 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange):
		s.fail()
		return 0
	case math.IsNaN(f) || f <= 0:
		return 0
	case f >= math.MaxUint64:
		return math.MaxUint64
	}
	return uint64(f)
}

// word consumes a number or a literal.
func (s *scanner) word() []byte {
	start := s.i
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
			continue
		}
		break
	}
	if start == s.i {
		s.fail()
	}
	return s.b[start:s.i]
}

// skip consumes a value of any kind.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.object(func([]byte) { s.skip() })
	case '[':
		s.array(s.skip)
	case '"':
		s.text()
	default:
		s.word()
	}
}
