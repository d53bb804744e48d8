package logs

import "bytes"

// levels are the levels of lines, the lowest first.
var levels = []string{"trace", "debug", "info", "warn", "error", "fatal"}

// Levels returns the names of levels, the lowest first.
func Levels() []string { return levels }

// levelBytes is how many bytes of a line are searched for its level.
const levelBytes = 512

// LevelOf returns a line's level, or "" if it has none. It recognizes keys of JSON objects and logfmt, and common prefixes
// ([ERROR], WARN:, klog's E0102).
func LevelOf(text []byte) string {
	text = text[:min(len(text), levelBytes)]
	text = bytes.TrimLeft(StripANSI(nil, text), " \t")
	if len(text) == 0 {
		return ""
	}
	if text[0] == '{' {
		return jsonLevel(text)
	}
	if level := logfmtLevel(text); level != "" {
		return level
	}
	return prefixLevel(text)
}

var jsonKeys = [][]byte{[]byte(`"level"`), []byte(`"severity"`), []byte(`"lvl"`), []byte(`"log.level"`), []byte(`"levelname"`), []byte(`"loglevel"`)}

func jsonLevel(text []byte) string {
	for _, key := range jsonKeys {
		for rest := text; ; {
			i := bytes.Index(rest, key)
			if i < 0 {
				break
			}
			rest = rest[i+len(key):]
			value := bytes.TrimLeft(rest, " ")
			if len(value) == 0 || value[0] != ':' { // a value, not a key
				continue
			}
			value = bytes.TrimLeft(value[1:], " ")
			if len(value) > 0 && value[0] == '"' {
				return levelOfWord(leadingLetters(value[1:]))
			}
			return levelOfNumber(value)
		}
	}
	return ""
}

// levelOfNumber returns the level for the numbers of bunyan and pino.
func levelOfNumber(text []byte) string {
	if len(text) < 3 || text[1] != '0' || text[2] >= '0' && text[2] <= '9' || text[0] < '1' || text[0] > '6' {
		return ""
	}
	return levels[text[0]-'1']
}

var logfmtKeys = [][]byte{[]byte("level="), []byte("lvl="), []byte("severity="), []byte("loglevel=")}

func logfmtLevel(text []byte) string {
	for _, key := range logfmtKeys {
		i := bytes.Index(text, key)
		if i < 0 || i > 0 && text[i-1] != ' ' && text[i-1] != '\t' {
			continue
		}
		return levelOfWord(leadingLetters(bytes.TrimLeft(text[i+len(key):], `"`)))
	}
	return ""
}

// prefixLevel searches the first words, skipping times and brackets.
func prefixLevel(text []byte) string {
	if level := klogLevel(text); level != "" {
		return level
	}
	for range 6 {
		text = bytes.TrimLeft(text, " \t[(<|:-")
		if len(text) == 0 {
			return ""
		}
		w := leadingLetters(text)
		if len(w) == 0 { // not a letter: part of a time
			end := bytes.IndexAny(text, " \t]|")
			if end <= 0 {
				return ""
			}
			text = text[end+1:]
			continue
		}
		rest := text[len(w):]
		marked := len(rest) == 0 || bytes.IndexByte([]byte(" \t:]|)>,-/"), rest[0]) >= 0
		if level := levelOfWord(w); level != "" && marked && (isUpper(w) || len(rest) > 0 && (rest[0] == ':' || rest[0] == ']')) {
			return level
		}
		end := bytes.IndexAny(text, " \t]|")
		if end < 0 {
			return ""
		}
		text = text[end+1:]
	}
	return ""
}

// klogLevel returns the level of a line in klog's format, "E0102 15:04:05.000000".
func klogLevel(text []byte) string {
	if len(text) < 6 || text[5] != ' ' {
		return ""
	}
	for _, c := range text[1:5] {
		if c < '0' || c > '9' {
			return ""
		}
	}
	switch text[0] {
	case 'I':
		return "info"
	case 'W':
		return "warn"
	case 'E':
		return "error"
	case 'F':
		return "fatal"
	}
	return ""
}

// leadingLetters returns the letters at the start of text, at most 12.
func leadingLetters(text []byte) []byte {
	n := 0
	for n < len(text) && n < 12 && (text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z') {
		n++
	}
	return text[:n]
}

func isUpper(w []byte) bool {
	for _, c := range w {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// levelOfWord returns the level that a word means, or "".
func levelOfWord(w []byte) string {
	var b [12]byte
	switch string(lower(b[:0], w)) {
	case "trace", "trc", "verbose", "finest", "finer":
		return "trace"
	case "debug", "dbg", "debu", "fine":
		return "debug"
	case "info", "inf", "information", "informationa", "notice", "log":
		return "info"
	case "warn", "warning", "wrn":
		return "warn"
	case "error", "err", "eror", "severe":
		return "error"
	case "fatal", "ftl", "crit", "critical", "panic", "emerg", "emergency", "alert", "dpanic":
		return "fatal"
	}
	return ""
}

func lower(dst, w []byte) []byte {
	for _, c := range w {
		dst = append(dst, c|0x20)
	}
	return dst
}
