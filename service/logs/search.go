package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"wharf/dockerx/logs"
)

// SearchQuery says what is looked for, and where.
type SearchQuery struct {
	Filter       Filter
	Before       *Cursor // where an earlier search ended; nil: at the end
	Since, Until time.Time
	Limit        int
	Context      int // lines before and after each hit
}

// Hit is a line that matches, and its neighbours.
type Hit struct {
	Container     *Container
	Index         int
	Batch         *logs.Batch
	Line          int         // its number in the batch
	Before, After *logs.Batch // nil without context
}

// Progress says how far a search is.
type Progress struct {
	Bytes, Lines int64     // read so far
	Searched     int       // containers that were searched to their beginning
	Containers   int       // all of them
	From         time.Time // back to here all containers were searched; zero: not known yet
}

// Result is how a search ended.
type Result struct {
	Places   *Places // where to go on
	Complete bool    // there is nothing more to be searched
	Errors   []error // by container; nil where it was searched
	Progress Progress
}

const (
	progressEvery = 250 * time.Millisecond
	firstWindow   = 1 << 10 // frames
	windowGrowth  = 8
	// maxWindow bounds the windows of a json-file: for each the engine looks for the tail, and hits wait for its end.
	maxWindow = 512 << 10
	// lastWindow is the longest window of other drivers. The driver local looks for a tail frame by frame, which costs a sixth
	// of reading it: what is older is read in one window, for which it looks for nothing.
	lastWindow = 256 << 10
)

// Search gives the lines that match: of each container the newest first, as they are found. It ends when the limit is
// reached, all is searched, or ctx ends, which is no error. Errors: those of found and progress.
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
			if err := s.tell(progress); err != nil {
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
	froms  []int64 // by container: back to which time it was searched
	failed error
	result *Result
}

var errLimit = errors.New("limit reached")

// begin is the place before which a container is searched.
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

func (s *search) tell(progress func(Progress) error) error {
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

// give hands on hits, and moves the container's place to each of them. Errors: errLimit, that of found.
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

// reached says that a container is searched back to a line.
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
