package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
	"wharf/dockerx/logs"
	"wharf/util/apperr"
)

// fakeLog is an engine's log of one container, in memory.
type fakeLog struct {
	mu      sync.Mutex
	frames  [][]byte
	grown   chan struct{} // closed when there are new frames
	removed bool
	failing error
}

func newFakeLog() *fakeLog { return &fakeLog{grown: make(chan struct{})} }

// write appends a line.
func (f *fakeLog) write(at time.Time, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(at, text)
	close(f.grown)
	f.grown = make(chan struct{})
}

// append is like write, for a log that has no readers yet.
func (f *fakeLog) append(at time.Time, text string) {
	f.frames = append(f.frames, dockertest.LogFrame(1, at, text+"\n"))
}

func (f *fakeLog) remove() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.removed = true
	close(f.grown)
	f.grown = make(chan struct{})
}

func (f *fakeLog) TTY() bool        { return false }
func (f *fakeLog) FileBytes() int64 { return 0 }

func (f *fakeLog) Running(context.Context) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.removed {
		return false, apperr.New(apperr.NotFound, "no such container")
	}
	return true, nil
}

func (f *fakeLog) Open(ctx context.Context, q logs.Query) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.removed:
		return nil, apperr.New(apperr.NotFound, "no such container")
	case f.failing != nil:
		return nil, f.failing
	}
	from := 0
	if q.Tail >= 0 {
		from = max(0, len(f.frames)-q.Tail)
	}
	if !q.Follow {
		return io.NopCloser(bytes.NewReader(bytes.Join(f.frames[from:], nil))), nil
	}
	r, w := io.Pipe()
	go f.feed(ctx, w, from)
	return r, nil
}

func (f *fakeLog) feed(ctx context.Context, w *io.PipeWriter, next int) {
	defer func() { _ = w.CloseWithError(ctx.Err()) }()
	for {
		f.mu.Lock()
		frames, grown, removed := f.frames, f.grown, f.removed
		f.mu.Unlock()
		for ; next < len(frames); next++ {
			if _, err := w.Write(frames[next]); err != nil {
				return
			}
		}
		if removed {
			return
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return
		}
	}
}

// fakeContainers returns containers with logs in memory.
func fakeContainers(t *testing.T, n int) ([]*Container, []*fakeLog) {
	t.Helper()
	hub := logs.NewHub(logs.HubOptions{})
	t.Cleanup(hub.Close)
	var all []*Container
	var fakes []*fakeLog
	for i := range n {
		f := newFakeLog()
		id := strings.Repeat(fmt.Sprint(i), 64)[:64]
		fakes = append(fakes, f)
		all = append(all, &Container{
			Host: "h", ID: id, Name: fmt.Sprint("c", i), Source: f,
			Follow:   func(notify func()) *logs.Subscription { return hub.Subscribe(id, f, notify) },
			LongRead: func(context.Context) (func(), error) { return func() {}, nil },
		})
	}
	return all, fakes
}

// gather streams until it has the given number of lines.
func gather(t *testing.T, all []*Container, q StreamQuery, lines int) (texts []string, places *Places) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	places = NewPlaces(all)
	enough := errors.New("enough")
	err := Stream(ctx, all, q, func(item Item) error {
		if item.Lines == nil {
			return nil
		}
		only := item.Lines.Only
		if only == nil {
			for i := range item.Lines.Batch.Lines {
				only = append(only, i)
			}
		}
		for _, i := range only {
			texts = append(texts, string(item.Lines.Batch.Text(i)))
			places.Move(item.Lines.Index, item.Lines.Container, item.Lines.Batch.Lines[i].Position)
			if len(texts) == lines {
				return enough
			}
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	return texts, places
}

func TestAStreamOfSeveralResumesAtItsCursor(t *testing.T) {
	t.Parallel()
	all, fakes := fakeContainers(t, 3)
	began := time.Now().Add(-time.Hour)
	var want []string
	for i := range 300 {
		text := fmt.Sprint("line ", i)
		fakes[i%3].write(began.Add(time.Duration(i)*time.Millisecond), text)
		want = append(want, text)
	}
	var got []string
	r := Range{All: true}
	for len(got) < 300 {
		texts, places := gather(t, all, StreamQuery{Range: r, Follow: true}, min(37, 300-len(got)))
		got = append(got, texts...)
		c, err := ParseCursor(string(places.Text()))
		require.NoError(t, err)
		r = Range{Cursor: c}
	}
	require.Equal(t, want, got)
}

func TestASilentContainerHoldsNobodyBack(t *testing.T) {
	t.Parallel()
	all, fakes := fakeContainers(t, 3)
	fakes[0].write(time.Now().Add(-time.Hour), "old")
	first, places := gather(t, all, StreamQuery{Range: Range{All: true}, Follow: true}, 1)
	require.Equal(t, []string{"old"}, first)
	c, err := ParseCursor(string(places.Text()))
	require.NoError(t, err)
	fakes[1].write(time.Now(), "new")
	second, _ := gather(t, all, StreamQuery{Range: Range{Cursor: c}, Follow: true}, 1)
	require.Equal(t, []string{"new"}, second)
}

func TestAContainerThatFailsEndsItsPartAlone(t *testing.T) {
	t.Parallel()
	all, fakes := fakeContainers(t, 2)
	fakes[0].failing = apperr.New(apperr.Unavailable, "away")
	fakes[1].write(time.Now().Add(-time.Minute), "here")
	var ended []error
	lines := 0
	require.NoError(t, Stream(t.Context(), all, StreamQuery{Range: Range{All: true}}, func(item Item) error {
		switch {
		case item.Ended != nil:
			ended = append(ended, item.Ended.Err)
		case item.Lines != nil:
			lines++
		}
		return nil
	}))
	require.Equal(t, 1, lines)
	require.Len(t, ended, 2)
	require.ErrorContains(t, errors.Join(ended...), "away")
}

func TestARemovedContainerIsFollowedByItsSuccessor(t *testing.T) {
	t.Parallel()
	all, fakes := fakeContainers(t, 2)
	fakes[0].write(time.Now().Add(-time.Minute), "before")
	fakes[1].write(time.Now(), "after")
	q := StreamQuery{Range: Range{All: true}, Follow: true, Successor: func(_ context.Context, gone *Container) (*Container, error) {
		require.Equal(t, all[0], gone)
		return all[1], nil
	}}
	var texts []string
	enough := errors.New("enough")
	err := Stream(t.Context(), all[:1], q, func(item Item) error {
		if item.Lines != nil {
			texts = append(texts, string(item.Lines.Batch.Text(0)))
			if len(texts) == 2 {
				return enough
			}
			fakes[0].remove()
		}
		return nil
	})
	require.ErrorIs(t, err, enough)
	require.Equal(t, []string{"before", "after"}, texts)
}

func TestCursorsThatAreNotOursAreRefused(t *testing.T) {
	t.Parallel()
	all, _ := fakeContainers(t, 2)
	text := string(NewPlaces(all).Text())
	_, err := ParseCursor(text)
	require.NoError(t, err)
	for _, bad := range []string{"", "x", text[1:], text + "A", strings.Repeat("_", 20), strings.Repeat(text, 2000), "☃"} {
		_, err := ParseCursor(bad)
		require.Error(t, err, "%.40q", bad)
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("AAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCursor(text)
		if err == nil {
			require.NotNil(t, c)
			c.Of(&Container{Host: "h", ID: "i"})
		}
	})
}
