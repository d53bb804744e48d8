package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf/dockerx/logs"
)

// SearchQuery describes a search.
type SearchQuery struct {
	Filter       Filter
	Before       *Cursor // where an earlier search ended; nil: search from the end
	Since, Until time.Time
	Limit        int
	Context      int // lines before and after each hit
}

// Hit is a matching line, with its neighbors.
type Hit struct {
	Container     *Container
	Index         int
	Batch         *logs.Batch
	Line          int         // its index in the batch
	Before, After *logs.Batch // nil without context
}

// Progress is the progress of a search.
type Progress struct {
	Bytes, Lines int64     // read so far
	Searched     int       // containers that have been searched to the start of their logs
	Containers   int       // all containers
	From         time.Time // all containers have been searched back to this time; zero: not known yet
}

// Result is the result of a search, besides its hits.
type Result struct {
	Places   *Places // where to continue
	Complete bool    // all logs have been searched to their start
	Errors   []error // by container; nil if the container was searched
	Progress Progress
}

const (
	progressEvery = 250 * time.Millisecond
	firstWindow   = 1 << 10 // frames
	windowGrowth  = 8
	// maxWindow bounds the windows of a json-file, in frames: hits are reported only at the end of a window.
	maxWindow = 512 << 10
	// lastWindow is the longest window of other drivers, in frames. The driver local finds the start of a tail frame by frame,
	// which costs a sixth of reading them. So the rest of the log is read as one window from its start.
	lastWindow = 256 << 10
)

// Search calls found with the matching lines as it finds them, the newest of each container first. It ends when the limit is
// reached, everything has been searched, or ctx ends, which is no error. It calls progress every 250 ms. Errors: those of
// found and progress.
func Search(ctx context.Context, all []*Container, q SearchQuery, found func(Hit) error, progress func(Progress) error) (*Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &search{q: &q, found: found, cancel: cancel, result: &Result{Places: NewPlaces(all), Errors: make([]error, len(all))}}
	s.froms = make([]int64, len(all))
	s.result.Progress.Containers = len(all)
	var searching sync.WaitGroup
	for i, c := range all {
		s.froms[i] = 1<<63 - 1
		w := &window{search: s, c: c, i: i, end: s.begin(c)}
		s.result.Places.Set(i, w.end)
		searching.Go(func() { w.run(ctx) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		searching.Wait()
	}()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			s.result.Progress.From = s.from()
			s.result.Complete = s.result.Progress.Searched == len(all)
			return s.result, s.failed
		case <-tick.C:
			if err := s.report(progress); err != nil {
				cancel(err)
			}
		}
	}
}

// search is one search under way.
type search struct {
	q      *SearchQuery
	found  func(Hit) error
	cancel context.CancelCauseFunc

	mu     sync.Mutex
	hits   int
	froms  []int64 // by container: the time back to which it has been searched
	failed error
	result *Result
}

var errLimit = errors.New("limit reached")

// begin returns the position before which a container is searched.
func (s *search) begin(c *Container) logs.Position {
	if s.q.Before != nil {
		return s.q.Before.Of(c)
	}
	at := s.q.Until
	if at.IsZero() {
		at = time.Now().Add(time.Hour)
	}
	return logs.Position{At: at.UnixNano(), Stream: logs.Stdout}
}

func (s *search) report(progress func(Progress) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.result.Progress
	p.From = s.from()
	if s.failed != nil {
		return s.failed
	}
	s.failed = progress(p)
	return s.failed
}

func (s *search) from() time.Time {
	newest := int64(0)
	for _, at := range s.froms {
		newest = max(newest, at)
	}
	if newest == 0 || newest == 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(0, newest).UTC()
}

// give calls found with hits, and moves the container's place to each. Errors: errLimit, found's.
func (s *search) give(i int, hits []Hit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range hits {
		if s.failed != nil {
			return s.failed
		}
		if s.hits >= s.q.Limit {
			return errLimit
		}
		if s.failed = s.found(h); s.failed != nil {
			s.cancel(s.failed)
			return s.failed
		}
		s.hits++
		s.result.Places.Set(i, h.Batch.Lines[h.Line].Position)
		if s.hits == s.q.Limit {
			s.cancel(errLimit)
			return errLimit
		}
	}
	return nil
}

// reached records that a container has been searched back to a line, or with all to the start of its log.
func (s *search) reached(i int, to logs.Position, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.froms[i] = to.At
	if all {
		s.froms[i] = 0
		s.result.Progress.Searched++
		to = logs.Position{}
	}
	s.result.Places.Set(i, to)
}

func (s *search) read(lines, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Progress.Lines += lines
	s.result.Progress.Bytes += size
}

func (s *search) fail(i int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result.Errors[i] = err
}
