package logs

import (
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/logs"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

// searchTime is the time limit of a search if the caller sets none.
const searchTime = 30 * time.Second

// Request is a caller's request for the logs of some containers.
type Request struct {
	Query      dto.LogQuery
	Containers []*servicelogs.Container
	About      dto.LogHosts // the part of the answer about the containers and their hosts
	// Successor waits for a new container with the name of a removed one; nil: don't wait for one.
	Successor func(ctx context.Context, gone *servicelogs.Container) (*servicelogs.Container, error)
	// Events yields the *dto.ContainerEvents to merge in, until ctx ends; nil: none.
	Events func(ctx context.Context, give func(at time.Time, event any) error) error

	filter servicelogs.Filter
	tail   int // negative: all
	before *servicelogs.Cursor
	after  *servicelogs.Cursor
}

// Read checks the parameters. The caller adds the containers. Errors: Invalid.
func Read(r *http.Request, q dto.LogQuery) (*Request, error) {
	l := &Request{Query: q, tail: -1}
	l.filter = servicelogs.Filter{Levels: q.Level, Grep: q.Grep, Regex: q.Regex, Invert: q.Invert}
	switch q.Stream {
	case "stdout":
		l.filter.Stream = logs.Stdout
	case "stderr":
		l.filter.Stream = logs.Stderr
	}
	if err := l.filter.Compile(); err != nil {
		return nil, err
	}
	if q.Tail != "all" {
		n, err := strconv.Atoi(q.Tail)
		if err != nil || n < 0 || n > 1e9 {
			return nil, apperr.New(apperr.Invalid, "tail: expected a number of lines, or all")
		}
		l.tail = n
	}
	return l, l.readPlaces(r)
}

// readPlaces reads the position from which to continue.
func (l *Request) readPlaces(r *http.Request) error {
	q := &l.Query
	text, name := q.Cursor, "cursor"
	if text == "" {
		if text, name = r.Header.Get("Last-Event-ID"), "Last-Event-ID"; text == "" {
			text, name = q.LastEventID, "last_event_id"
		}
	}
	older, isOlder := strings.CutPrefix(text, OlderPrefix)
	if text != "" {
		c, err := servicelogs.ParseCursor(older)
		if err != nil {
			return apperr.New(apperr.Invalid, "%s: %v", name, err)
		}
		if isOlder {
			l.before = c
		} else {
			l.after = c
		}
	}
	switch {
	case q.Follow && !q.Until.IsZero():
		return apperr.New(apperr.Invalid, "until: what is followed has no end")
	case q.Follow && l.before != nil:
		return apperr.New(apperr.Invalid, "follow: doesn't go with the cursor of older lines")
	case !q.Since.IsZero() && !q.Until.IsZero() && q.Until.Before(q.Since):
		return apperr.New(apperr.Invalid, "until: before since")
	case q.Context > 0 && !l.Searches():
		return apperr.New(apperr.Invalid, "context: goes with a search: grep or level, without follow")
	case q.Events && !q.Follow:
		return apperr.New(apperr.Invalid, "events: goes with follow")
	}
	return nil
}

// OlderPrefix begins cursors of lines older than a page. It isn't in base64url's alphabet, so no other cursor begins with it.
const OlderPrefix = "~"

// Searches reports whether the request is a search for the newest lines that match.
func (l *Request) Searches() bool {
	return !l.Query.Follow && (l.filter.Searches() || l.filter.Stream != 0) && l.after == nil
}

// Formats returns the stream formats that the request allows, or nil if the answer is a page.
func (l *Request) Formats(r *http.Request) []stream.Format {
	switch {
	case l.Query.Download:
		return []stream.Format{stream.Text, stream.NDJSON}
	case stream.Wanted(r, stream.SSE, stream.NDJSON, stream.Text):
		return []stream.Format{stream.SSE, stream.NDJSON, stream.Text}
	}
	return nil
}

// Polled reports whether Poller can stream the answer without a goroutine: the request follows the whole log of one container.
func (l *Request) Polled() bool {
	return len(l.Containers) == 1 && l.Query.Follow && l.filter.IsZero() && l.Events == nil && l.Successor == nil
}

// streamRange returns the past lines with which a stream begins.
func (l *Request) streamRange() servicelogs.Range {
	r := servicelogs.Range{Until: l.Query.Until}
	switch {
	case l.after != nil:
		r.Cursor = l.after
	case !l.Query.Since.IsZero():
		r.Since = l.Query.Since
	case l.tail < 0 || l.Query.Download && !l.Query.Follow:
		r.All = true
	default:
		r.Tail = l.tail
	}
	return r
}

// long reports whether the request may read whole logs.
func (l *Request) long() bool {
	r := l.streamRange()
	return r.All || r.Tail > 20_000 || !r.Since.IsZero() && !l.Query.Follow
}

func (l *Request) encoder(f stream.Format) *lineEncoder {
	return &lineEncoder{format: f, ansi: l.Query.ANSI, timestamps: l.Query.Timestamps, names: len(l.Containers) != 1}
}

// FileName returns the Content-Disposition of a download.
func (l *Request) FileName() string {
	name := "logs"
	if len(l.Containers) == 1 {
		name = l.Containers[0].Name
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name + time.Now().UTC().Format("-20060102-150405") + ".log"})
}
