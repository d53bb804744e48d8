package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"
)

// maxLine is the maximum length of a line of a stream, in bytes.
const maxLine = 4 << 20

// maxPause is the longest wait before a stream is reopened.
const maxPause = 5 * time.Second

// Frame is an event of a stream. Data holds a value of a type of package dto, which the operation documents. Frames with events
// that the client doesn't know are skipped.
type Frame struct {
	// ID is the id of the last event, to continue from with StreamQuery.LastEventID; "" if the stream has no ids.
	ID    string
	Event string
	Data  any
}

// frameTypes decode the data of frames, by the name of the event.
type frameTypes map[string]func([]byte) (any, error)

func decodeFrame[T any](raw []byte) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

// stream yields the frames of a stream. When the stream breaks, it reopens it with the id of the last event. It ends with ctx, or
// with an error that a retry can't change, such as 403; this error is the last element.
func (c *Client) stream(ctx context.Context, r request, types frameTypes) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		last, pause := "", c.o.Pause
		for {
			resuming := ctx
			if last != "" {
				resuming = WithHeader(ctx, "Last-Event-ID", last)
			}
			resp, err := c.do(resuming, r, "text/event-stream")
			if err == nil {
				reader := frameReader{lines: bufio.NewScanner(resp.Body), types: types, last: last}
				var goOn bool
				goOn, err = reader.each(yield)
				_ = resp.Body.Close()
				if !goOn {
					return
				}
				if reader.last != last {
					last, pause = reader.last, c.o.Pause
				}
			}
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if ctx.Err() != nil || final(err) {
				yield(Frame{}, err)
				return
			}
			if sleep(ctx, pause) == nil {
				pause = min(2*pause, maxPause)
			}
		}
	}
}

// final reports whether a retry can't change the error.
func final(err error) bool {
	if bad := (*badFrameError)(nil); errors.As(err, &bad) {
		return true
	}
	e := (*Error)(nil)
	return errors.As(err, &e) && e.Status < http.StatusInternalServerError && e.Status != http.StatusTooManyRequests
}

type badFrameError struct {
	event string
	err   error
}

// Error implements error.
func (e *badFrameError) Error() string { return fmt.Sprintf("frame %s: %v", e.event, e.err) }

// Unwrap returns the error of decoding the frame.
func (e *badFrameError) Unwrap() error { return e.err }

// frameReader reads server-sent events.
type frameReader struct {
	lines *bufio.Scanner
	types frameTypes
	last  string // id of the last frame
}

// each yields frames until the stream breaks, which is no error, or until yield returns false: then goOn is false.
func (f *frameReader) each(yield func(Frame, error) bool) (goOn bool, err error) {
	f.lines.Buffer(nil, maxLine)
	var event, id string
	var data []string
	for f.lines.Scan() {
		field, value, _ := strings.Cut(f.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			id = value
		case "event":
			event = value
		case "data":
			data = append(data, value)
		}
		if f.lines.Text() != "" {
			continue
		}
		if id != "" {
			f.last, id = id, ""
		}
		decode, ok := f.types[event]
		if ok && data != nil {
			v, err := decode([]byte(strings.Join(data, "\n")))
			if err != nil {
				return true, &badFrameError{event, err}
			}
			if !yield(Frame{ID: f.last, Event: event, Data: v}, nil) {
				return false, nil
			}
		}
		event, data = "", nil
	}
	if err := f.lines.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return true, err
	}
	return true, nil
}
