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
	// batchBytes is how much text makes a batch where more comes at once: of an answer that doesn't follow.
	batchBytes = 32 << 10
	maxFrame   = 1 << 20
	// fullFrame is the payload of a frame that doesn't end its line: an engine's log holds lines in pieces of this
	// size. A frame that is longer comes from a driver with another size, and ends its line with a line end too.
	fullFrame = 16 << 10

	systemError = 3 // the stream of what the engine itself has to say
)

// unfinished is how old a line without an end must be that no further piece of it is expected.
const unfinished = int64(10 * time.Second)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// engineError is what an engine writes into a log that it can't read on.
type engineError struct{ words string }

func (e *engineError) Error() string { return "the engine: " + e.words }

// errDamaged says that the answer is no log.
var errDamaged = errors.New("the engine's log stream is damaged")

// errReplay says that a stream went back in time to where it can't be compared with what was read.
var errReplay = errors.New("the engine repeats lines")

// part is a line of which not all frames have come.
type part struct {
	open  bool
	at    int64
	sum   uint32
	size  int // bytes so far, also those that are cut off
	text  []byte
	last  Position // of the stream's last line
	lines bool     // it had one
}

// read is how many bytes of the open line have come.
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
	follows    bool     // the answer ends with its container
	repeats    *repeats // nil: the answer can't have lines twice
	frames     int      // so far
	bytes      int64    // read
	err        error
}

// readBuffers are those of all decoders: many readings are short.
var readBuffers = sync.Pool{New: func() any {
	b := make([]byte, readBytes)
	return &b
}}

func newDecoder(r io.Reader, tty bool) *decoder {
	return &decoder{r: r, tty: tty, buf: *readBuffers.Get().(*[]byte)}
}

// release gives back what other decoders can use. The decoder is not used afterwards.
func (d *decoder) release() {
	if b := d.buf; len(b) == readBytes {
		readBuffers.Put(&b)
	}
	if d.repeats != nil {
		repeatsPool.Put(d.repeats)
	}
	d.buf, d.repeats = nil, nil
}

// next appends at least one line to b, and all that need no waiting. At the end of the answer a line that lacks its
// end is a line too. Errors: io.EOF, *engineError, errDamaged, errReplay, those of the answer; b may have lines all the same.
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
				return nil // the next call says so again
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

// frame takes in one frame: all of a line or a part of it.
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

// take adds bytes to the stream's line, which they may end.
func (d *decoder) take(p *part, stream Stream, at int64, data []byte, ends bool) {
	if !p.open && ends { // most lines are one frame
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

// flush ends the lines that have no end because their container has ended. At the end of an answer that doesn't follow,
// a line may also be one of which the container has written the first pieces.
func (d *decoder) flush() {
	for s := range d.streams {
		if p := &d.streams[s]; p.open && (d.follows || time.Now().UnixNano()-p.at > unfinished) {
			d.take(p, Stream(s), p.at, nil, true) //nolint:gosec // 1 or 2
		}
	}
}
