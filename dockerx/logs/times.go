package logs

import (
	"bytes"
	"time"
)

// stampLen is the length of the time that Docker writes before a line: "2026-11-24T10:11:12.123456789Z".
const stampLen = 30

// stamps parses the times before lines. It caches the last second, which many lines share.
type stamps struct {
	second [19]byte // "2026-11-24T10:11:12"
	unix   int64
}

// cut parses the time at the beginning of a frame or line, and returns the bytes after the space that follows it.
func (s *stamps) cut(p []byte) (at int64, rest []byte, ok bool) {
	if len(p) > stampLen && p[stampLen] == ' ' && p[stampLen-1] == 'Z' && p[19] == '.' {
		if nano, ok := digits(p[20:29]); ok && s.seconds(p[:19]) {
			return s.unix*1e9 + nano, p[stampLen+1:], true
		}
		return 0, p, false
	}
	return s.cutOther(p)
}

// cutOther is cut for times of other lengths: Podman's have the offset of the time zone.
func (s *stamps) cutOther(p []byte) (at int64, rest []byte, ok bool) {
	end := bytes.IndexByte(p[:min(len(p), 40)], ' ')
	if end < 0 {
		end = min(len(p), 40)
		if end == len(p) && end > 0 && p[end-1] == '\n' {
			end--
		}
	}
	t, err := time.Parse(time.RFC3339Nano, string(p[:end]))
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return 0, p, false
	}
	return t.UnixNano(), p[min(end+1, len(p)):], true
}

// parse parses a time with any number of decimals.
func (s *stamps) parse(p []byte) (at int64, ok bool) {
	if len(p) > 20 && p[19] == '.' && p[len(p)-1] == 'Z' && len(p) <= stampLen {
		nano, ok := digits(p[20 : len(p)-1])
		for range stampLen - len(p) {
			nano *= 10
		}
		if ok && s.seconds(p[:19]) {
			return s.unix*1e9 + nano, true
		}
	}
	t, err := time.Parse(time.RFC3339Nano, string(p))
	return t.UnixNano(), err == nil && t.Year() >= 1970 && t.Year() <= 2200
}

func (s *stamps) seconds(p []byte) bool {
	if bytes.Equal(p, s.second[:]) {
		return true
	}
	t, err := time.Parse("2006-01-02T15:04:05", string(p))
	if err != nil || t.Year() < 1970 || t.Year() > 2200 {
		return false
	}
	copy(s.second[:], p)
	s.unix = t.Unix()
	return true
}

func digits(p []byte) (n int64, ok bool) {
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
