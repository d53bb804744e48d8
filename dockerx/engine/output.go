package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// CopyOutput copies a process's output from src, a connection of ExecStart or ContainerAttach, until it ends: standard output
// to out and standard error to errs, or, with a TTY, everything to out. Errors: io.ErrUnexpectedEOF, errors of reading and
// writing, and an error that the engine sends instead of more output.
func CopyOutput(out, errs io.Writer, src io.Reader, tty bool) error {
	if tty {
		return copyGrowing(out, src)
	}
	return copyFrames(out, errs, src)
}

// The size of the buffer for a process's output, in bytes. It grows from small to large only when needed, since most
// terminals are idle.
const (
	smallCopy = 1 << 10
	largeCopy = 64 << 10
)

// copyGrowing is io.Copy with a buffer that grows with the output.
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

// The output of a process without a TTY comes in frames: a header of eight bytes (the stream, three zeros, the payload's
// length), then the payload. Source: moby pkg/stdcopy.
const (
	frameHead    = 8
	frameInput   = 0 // engines don't send it; stdcopy treats it as output
	frameOutput  = 1
	frameErrors  = 2
	frameFailure = 3 // the payload is an error message of the engine
)

// maxFailure is how many bytes of the engine's error message are kept.
const maxFailure = 1 << 10

// errNoFrame is the error for data that isn't framed output.
var errNoFrame = errors.New("the engine's output is damaged")

// frames decodes framed output.
type frames struct {
	out, errs io.Writer
	stream    byte // of the current frame
	left      int  // bytes of the current frame that are still to come
	failure   []byte
}

// copyFrames writes the payloads of framed output until it ends. Consecutive frames of one stream that are in the buffer are
// written at once: an engine's frames are 32 KiB, and a write costs more than copying them. Errors: as those of CopyOutput.
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

// take writes the payloads in b, and returns the rest of b: an incomplete header. It changes b.
func (f *frames) take(b []byte) (rest []byte, err error) {
	payload := b[:0] // of f.stream, without the headers in between
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

// begin decodes a frame's header. Errors: errNoFrame.
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

// end returns the error, or nil, for the end of the output; kept is the number of bytes of an incomplete header.
func (f *frames) end(kept int) error {
	switch {
	case f.failure != nil:
		return f.failed()
	case f.left > 0, kept > 0:
		return io.ErrUnexpectedEOF
	}
	return nil
}
