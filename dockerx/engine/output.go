package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// CopyOutput writes the output and the errors of a process until they end: what ExecStart and ContainerAttach connect to. With
// a TTY all is output. Errors: io.ErrUnexpectedEOF, those of reading and writing, and what the engine says instead of more
// output.
func CopyOutput(out, errs io.Writer, src io.Reader, tty bool) error {
	if tty {
		return copyGrowing(out, src)
	}
	return copyFrames(out, errs, src)
}

// The buffer of a process's output, in bytes: small while little is written, since most terminals are idle.
const (
	smallCopy = 1 << 10
	largeCopy = 64 << 10
)

// copyGrowing is io.Copy with a buffer that is as large as the output asks for.
func copyGrowing(dst io.Writer, src io.Reader) error {
	buf := make([]byte, smallCopy)
	for {
		n, err := src.Read(buf)
		if _, failed := dst.Write(buf[:n]); failed != nil {
			return failed
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if n == len(buf) && n < largeCopy {
			buf = make([]byte, 2*n)
		}
	}
}

// The framed output of a process without a TTY: a head of eight bytes (its stream, three zeros, the payload's length), then
// the payload. Source: moby pkg/stdcopy.
const (
	frameHead    = 8
	frameInput   = 0 // which no engine sends back; stdcopy takes it for output
	frameOutput  = 1
	frameErrors  = 2
	frameFailure = 3 // the payload is what the engine itself has to say
)

// maxFailure is how much of the engine's own words is kept, in bytes.
const maxFailure = 1 << 10

// errNoFrame says that what an engine sends is no framed output.
var errNoFrame = errors.New("the engine's output is damaged")

// frames takes the heads of frames away.
type frames struct {
	out, errs io.Writer
	stream    byte // of the frame that is read
	left      int  // bytes that are missing of it
	failure   []byte
}

// copyFrames writes the payloads of framed output until it ends. What has come of several frames of one stream goes out as one
// write: an engine's frames are 32 KiB, and each write costs more than copying that. Errors: io.ErrUnexpectedEOF, those of
// reading and writing, and what the engine says instead of more output.
func copyFrames(out, errs io.Writer, src io.Reader) error {
	f := &frames{out: out, errs: errs}
	buf, kept := make([]byte, smallCopy), 0
	for {
		n, err := src.Read(buf[kept:])
		n += kept
		rest, failed := f.take(buf[:n])
		if failed != nil {
			return failed
		}
		kept = copy(buf, rest)
		switch {
		case errors.Is(err, io.EOF):
			return f.end(kept)
		case err != nil:
			return err
		}
		if n == len(buf) && n < largeCopy {
			larger := make([]byte, 2*len(buf))
			copy(larger, buf[:kept])
			buf = larger
		}
	}
}

// take writes what b has of payloads, and returns the beginning of a head that isn't all there. It changes b.
func (f *frames) take(b []byte) (rest []byte, err error) {
	payload := b[:0] // of f.stream, moved together
	for len(b) > 0 {
		if f.left == 0 {
			if len(b) < frameHead {
				break
			}
			if b[0] != f.stream {
				if err := f.write(payload); err != nil {
					return nil, err
				}
				payload = b[:0]
			}
			if err := f.begin(b[:frameHead]); err != nil {
				return nil, err
			}
			b = b[frameHead:]
			continue
		}
		n := min(f.left, len(b))
		payload = append(payload, b[:n]...)
		b, f.left = b[n:], f.left-n
	}
	return b, f.write(payload)
}

// begin reads a head. Errors: errNoFrame.
func (f *frames) begin(head []byte) error {
	if head[0] > frameFailure || head[1]|head[2]|head[3] != 0 {
		return fmt.Errorf("%w: a frame begins with % x", errNoFrame, head)
	}
	f.stream, f.left = head[0], int(binary.BigEndian.Uint32(head[4:]))
	return nil
}

func (f *frames) write(payload []byte) (err error) {
	switch {
	case f.stream == frameFailure:
		f.failure = append(f.failure, payload[:min(len(payload), maxFailure-len(f.failure))]...)
		if f.left == 0 {
			return f.failed()
		}
	case len(payload) == 0:
	case f.stream == frameErrors:
		_, err = f.errs.Write(payload)
	default:
		_, err = f.out.Write(payload)
	}
	return err
}

func (f *frames) failed() error { return fmt.Errorf("the engine: %s", f.failure) }

// end is what the output's end means, with so many bytes of a head.
func (f *frames) end(kept int) error {
	switch {
	case f.failure != nil:
		return f.failed()
	case f.left > 0, kept > 0:
		return io.ErrUnexpectedEOF
	}
	return nil
}
