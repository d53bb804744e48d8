package logs

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// entry is an entry of a json-file log: {"log":"text\n","stream":"stdout","attrs":{…},"time":"…"}.
type entry struct {
	text   []byte
	stream Stream
	at     int64
}

var (
	entryStart  = []byte(`{"log":"`)
	entryStderr = []byte(`"stream":"stderr"`)
	entryTime   = []byte(`"time":"`)
)

// parse decodes an entry that Docker wrote. It returns false for any other or damaged entry; Docker skips those, too.
func (e *entry) parse(raw []byte, stamps *stamps) (ok bool) {
	if !bytes.HasPrefix(raw, entryStart) {
		return false
	}
	rest, ok := e.unescape(raw[len(entryStart):])
	if !ok {
		return false
	}
	e.stream = Stdout
	if bytes.Contains(rest, entryStderr) {
		e.stream = Stderr
	}
	i := bytes.LastIndex(rest, entryTime)
	if i < 0 {
		return false
	}
	stamp := rest[i+len(entryTime):]
	end := bytes.IndexByte(stamp, '"')
	if end < 0 {
		return false
	}
	e.at, ok = stamps.parse(stamp[:end])
	return ok
}

// unescape decodes a JSON string into e.text and returns the bytes after its closing quote.
func (e *entry) unescape(b []byte) (rest []byte, ok bool) {
	e.text = e.text[:0]
	for {
		i := bytes.IndexAny(b, `"\`)
		if i < 0 {
			return nil, false
		}
		e.text = append(e.text, b[:i]...)
		if b[i] == '"' {
			return b[i+1:], true
		}
		if b = e.escaped(b[i+1:]); b == nil {
			return nil, false
		}
	}
}

// escaped decodes the escape after a backslash and returns the bytes after it; nil if it is invalid.
func (e *entry) escaped(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	switch b[0] {
	case 'n':
		e.text = append(e.text, '\n')
	case 'r':
		e.text = append(e.text, '\r')
	case 't':
		e.text = append(e.text, '\t')
	case 'b':
		e.text = append(e.text, '\b')
	case 'f':
		e.text = append(e.text, '\f')
	case '"', '\\', '/':
		e.text = append(e.text, b[0])
	case 'u':
		return e.unicode(b)
	default:
		return nil
	}
	return b[1:]
}

func (e *entry) unicode(b []byte) []byte {
	r, ok := hexRune(b)
	if !ok {
		return nil
	}
	b = b[5:]
	if utf16.IsSurrogate(r) {
		low, ok := rune(0), false
		if len(b) > 1 && b[0] == '\\' && b[1] == 'u' {
			low, ok = hexRune(b[1:])
		}
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			b = b[6:]
		}
	}
	e.text = utf8.AppendRune(e.text, r)
	return b
}

// hexRune decodes an escape such as "u00e9".
func hexRune(b []byte) (rune, bool) {
	if len(b) < 5 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	return rune(n), err == nil
}
