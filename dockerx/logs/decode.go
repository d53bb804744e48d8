package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"
)

const (
	readBytes  = 16 << 10
	headerSize = 8
	// batchBytes is the size at which a batch of an answer that doesn't follow is complete.
	batchBytes = 32 << 10
	maxFrame   = 1 << 20
	// fullFrame is the size of a frame that doesn't end its line: engines store lines in pieces of this size. A longer frame
	// comes from a log driver with another size; its line ends with a newline.
	fullFrame = 16 << 10

	systemError = 3 // the stream of the engine's own error messages
)

// unfinished is the age, in nanoseconds, at which a line without a newline is taken as complete.
const unfinished = int64(10 * time.Second)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// engineError is a message that an engine sends when it can't read the rest of a log.
type engineError struct{ words string }

func (e *engineError) Error() string { return "the engine: " + e.words }

// errDamaged is the error for an answer that isn't a log.
var errDamaged = errors.New("the engine's log stream is damaged")

// errReplay is the error for a stream that went back in time to lines that can't be compared with those read before.
var errReplay = errors.New("the engine repeats lines")

// part is one stream's line of which not all frames have come.
type part struct {
	open  bool
	at    int64
	sum   uint32
	size  int // bytes so far, including those beyond maxText
	text  []byte
	last  Position // of the stream's last complete line
	lines bool     // there was one
}

// read returns how many bytes of the open line have come.
func (p *part) read() int {
	if p.open {
		return p.size
	}
	return 0
}

// decoder reads lines from an engine's answer.
type decoder struct {
	r          io.Reader
	tty        bool
	buf        []byte
	start, end int
	stamps     stamps
	streams    [3]part // by Stream; 0 is unused
	out        *Batch
	begun      bool     // lines were returned
	follows    bool     // the answer ends only with its container
	repeats    *repeats // nil: repeated frames aren't detected
	frames     int      // decoded so far
	bytes      int64    // read so far
	err        error
}

// readBuffers is a pool of buffers for decoders: many reads are short.
var readBuffers = sync.Pool{New: func() any {
	b := make([]byte, readBytes)
	return &b
}}

func newDecoder(r io.Reader, tty bool) *decoder {
	return &decoder{r: r, tty: tty, buf: *readBuffers.Get().(*[]byte)}
}

// release returns the decoder's buffers to their pools. The decoder must not be used afterwards.
func (d *decoder) release() {
	if b := d.buf; len(b) == readBytes {
		readBuffers.Put(&b)
	}
	if d.repeats != nil {
		repeatsPool.Put(d.repeats)
	}
	d.buf, d.repeats = nil, nil
}

// next appends at least one line to b, and further lines that are available without waiting. At the end of the answer, a line
// without a newline counts, too. Errors: io.EOF, *engineError, errDamaged, errReplay, errors of reading; b may have new lines
// also with an error.
func (d *decoder) next(b *Batch) error {
	d.out = b
	for had := len(b.Lines); ; {
		if err := d.parse(); err != nil {
			d.err = err
		}
		if d.err != nil {
			if errors.Is(d.err, io.EOF) {
				d.flush()
			}
			if len(b.Lines) > had && errors.Is(d.err, io.EOF) {
				return nil // the next call returns io.EOF
			}
			return d.err
		}
		if len(b.Lines) > had && (d.follows || !d.begun || len(b.text) >= batchBytes) {
			d.begun = true
			return nil
		}
		d.fill()
	}
}

func (d *decoder) fill() {
	if d.start > 0 {
		d.end = copy(d.buf, d.buf[d.start:d.end])
		d.start = 0
	}
	if d.end == len(d.buf) {
		d.buf = append(d.buf, make([]byte, len(d.buf))...)
	}
	n, err := d.r.Read(d.buf[d.end:])
	d.end += n
	d.bytes += int64(n)
	if err != nil {
		if d.err = d.parse(); d.err == nil {
			d.err = err
		}
	}
}

func (d *decoder) parse() error {
	if d.tty {
		return d.parseTTY()
	}
	return d.parseFrames()
}

func (d *decoder) parseFrames() error {
	for d.end-d.start >= headerSize {
		head := d.buf[d.start:]
		size := int(binary.BigEndian.Uint32(head[4:headerSize]))
		if head[0] > systemError || head[1]|head[2]|head[3] != 0 || size > maxFrame {
			return fmt.Errorf("%w: a frame begins with % x", errDamaged, head[:headerSize])
		}
		if d.end-d.start < headerSize+size {
			break
		}
		payload := head[headerSize : headerSize+size]
		d.start += headerSize + size
		if head[0] == systemError {
			return &engineError{string(payload[:min(len(payload), 512)])}
		}
		if err := d.frame(Stream(max(head[0], 1)), payload); err != nil {
			return err
		}
	}
	return nil
}

// frame handles one frame: a complete line or a part of one.
func (d *decoder) frame(stream Stream, payload []byte) error {
	d.frames++
	p := &d.streams[stream]
	at, data, ok := d.stamps.cut(payload)
	if !ok {
		at = p.last.At
	}
	if d.repeats != nil {
		if skip, err := d.repeats.check(stream, at, p.read(), data); skip || err != nil {
			return err
		}
	}
	ends := len(data) < fullFrame
	if n := len(data); n > 0 && data[n-1] == '\n' {
		data, ends = data[:n-1], true
	}
	d.take(p, stream, at, data, ends)
	return nil
}

// take adds bytes to the stream's line. ends reports whether they complete it.
func (d *decoder) take(p *part, stream Stream, at int64, data []byte, ends bool) {
	if !p.open && ends { // the usual case: a line of one frame
		d.line(p, stream, at, crc32.Checksum(data, castagnoli), data, false)
		return
	}
	if !p.open {
		p.open, p.at, p.sum, p.size, p.text = true, at, 0, 0, p.text[:0]
	}
	p.sum = crc32.Update(p.sum, castagnoli, data)
	p.size += len(data)
	p.text = append(p.text, data[:min(len(data), maxText-len(p.text))]...)
	if ends {
		p.open = false
		d.line(p, stream, p.at, p.sum, p.text, p.size > len(p.text))
	}
}

func (d *decoder) line(p *part, stream Stream, at int64, sum uint32, text []byte, cut bool) {
	if len(text) > maxText {
		text, cut = text[:maxText], true
	}
	pos := Position{At: at, Sum: sum & sumMask, Stream: stream}
	if p.lines && p.last.At == pos.At && p.last.Sum == pos.Sum {
		pos.Nth = (p.last.Nth + 1) & nthMask
	}
	p.last, p.lines = pos, true
	if d.tty {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	d.out.add(pos, cut, text)
}

// flush completes the lines without a newline at the end of an answer. If the answer doesn't follow, such a line may still
// grow: it is completed only when it is older than unfinished.
func (d *decoder) flush() {
	for s := range d.streams {
		if p := &d.streams[s]; p.open && (d.follows || time.Now().UnixNano()-p.at > unfinished) {
			d.take(p, Stream(s), p.at, nil, true) //nolint:gosec // 1 or 2
		}
	}
}
