// Package asciicast writes recordings of terminals in the asciicast v2 format, one JSON value per line, for asciinema's
// players (docs.asciinema.org/manual/asciicast/v2).
package asciicast

import (
	"bytes"
	"encoding/json"
	"io"
	"time"
	"unicode/utf8"
)

// Header is the first line of a recording.
type Header struct {
	Version   int    `json:"version"` // Begin sets it
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Timestamp int64  `json:"timestamp"` // seconds since 1970
	Title     string `json:"title,omitempty"`
}

// Writer writes one recording. It isn't safe for concurrent use.
type Writer struct {
	out   io.Writer
	start time.Time
	left  int64  // bytes that may still be written
	rest  []byte // an incomplete character at the end of the last Write
	err   error
}

// Begin writes the header of a recording and returns its Writer. The recording is limited to limit bytes.
func Begin(out io.Writer, h Header, limit int64) *Writer {
	w := &Writer{out: out, start: time.Now(), left: limit}
	h.Version = 2
	w.line(h)
	return w
}

// Write records output. Invalid UTF-8 becomes the replacement character; a character that is split between two calls stays
// whole. Output beyond the limit is left out. The error is always nil, so that a failed recording doesn't end the terminal:
// see Err.
func (w *Writer) Write(p []byte) (int, error) {
	all := append(w.rest, p...)
	whole := len(all) - cutTail(all)
	w.rest = bytes.Clone(all[whole:])
	if whole > 0 {
		w.event("o", string(bytes.ToValidUTF8(all[:whole], []byte("\uFFFD"))))
	}
	return len(p), nil
}

// Resize records a new size of the terminal, as "80x24".
func (w *Writer) Resize(size string) { w.event("r", size) }

// Err returns the first error of writing to the underlying writer.
func (w *Writer) Err() error { return w.err }

func (w *Writer) event(kind, data string) {
	w.line([]any{time.Since(w.start).Round(time.Microsecond).Seconds(), kind, data})
}

// line writes a line. After one that exceeded the limit or failed it writes nothing more, so that a recording has no gaps.
func (w *Writer) line(v any) {
	if w.err != nil || w.left <= 0 {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		w.err = err
		return
	}
	if w.left -= int64(len(b)) + 1; w.left < 0 {
		w.left = 0
		return
	}
	_, w.err = w.out.Write(append(b, '\n'))
}

// cutTail returns how many bytes at the end of p are an incomplete character.
func cutTail(p []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(p)); n++ {
		if b := p[len(p)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(p[len(p)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
