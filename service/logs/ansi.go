package logs

import "bytes"

// StripANSI appends text to dst without terminal escape sequences. If dst is nil and text has none, it returns text itself.
func StripANSI(dst, text []byte) []byte {
	i := bytes.IndexByte(text, 0x1b)
	if i < 0 {
		if dst == nil {
			return text
		}
		return append(dst, text...)
	}
	for i >= 0 {
		dst = append(dst, text[:i]...)
		text = text[i+escapeLen(text[i:]):]
		i = bytes.IndexByte(text, 0x1b)
	}
	return append(dst, text...)
}

// escapeLen returns the length of the escape sequence at the start of b (ECMA-48).
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return len(b)
	}
	switch b[1] {
	case '[': // CSI: up to a byte from @ to ~
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1
			}
		}
		return len(b)
	case ']', 'P', 'X', '^', '_': // OSC and other strings: up to BEL or ESC \
		for i := 2; i < len(b); i++ {
			if b[i] == 0x07 {
				return i + 1
			}
			if b[i] == 0x1b {
				return min(i+2, len(b))
			}
		}
		return len(b)
	case '(', ')', '#', '%', '*', '+':
		return min(3, len(b))
	}
	return 2
}
