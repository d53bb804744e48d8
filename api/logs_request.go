package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/logs"
	"wharf/service"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

// searchTime is how long a search takes at most where the caller doesn't say.
const searchTime = 30 * time.Second

// logRequest is what a caller wants of which containers' logs.
type logRequest struct {
	query      dto.LogQuery
	filter     servicelogs.Filter
	tail       int // negative: all
	before     *servicelogs.Cursor
	after      *servicelogs.Cursor
	containers []*servicelogs.Container
	about      dto.LogHosts
	successor  bool // of a container that was removed, the one that takes its name is followed
	actor      service.Actor
}

// readLogRequest checks the parameters. Errors: Invalid.
func readLogRequest(r *http.Request, actor service.Actor, q dto.LogQuery) (*logRequest, error) {
	l := &logRequest{query: q, actor: actor, tail: -1}
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

// readPlaces reads where to go on.
func (l *logRequest) readPlaces(r *http.Request) error {
	q := &l.query
	text, name := q.Cursor, "cursor"
	if text == "" {
		if text, name = r.Header.Get("Last-Event-ID"), "Last-Event-ID"; text == "" {
			text, name = q.LastEventID, "last_event_id"
		}
	}
	older, isOlder := strings.CutPrefix(text, olderPrefix)
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
	case q.Context > 0 && !l.searches():
		return apperr.New(apperr.Invalid, "context: goes with a search: grep or level, without follow")
	case q.Events && !q.Follow:
		return apperr.New(apperr.Invalid, "events: goes with follow")
	}
	return nil
}

// olderPrefix begins the cursors of what is older than a page. No other cursor has it: it is none of base64url.
const olderPrefix = "~"

// searches reports whether the newest lines that match are looked for.
func (l *logRequest) searches() bool {
	return !l.query.Follow && (l.filter.Searches() || l.filter.Stream != 0) && l.after == nil
}

// formats are what the answer may be besides a page, which is nil.
func (l *logRequest) formats(r *http.Request) []stream.Format {
	switch {
	case l.query.Download:
		return []stream.Format{stream.Text, stream.NDJSON}
	case stream.Wanted(r, stream.SSE, stream.NDJSON, stream.Text):
		return []stream.Format{stream.SSE, stream.NDJSON, stream.Text}
	}
	return nil
}

// streamRange is the part of each log that a stream begins with.
func (l *logRequest) streamRange() servicelogs.Range {
	r := servicelogs.Range{Until: l.query.Until}
	switch {
	case l.after != nil:
		r.Cursor = l.after
	case !l.query.Since.IsZero():
		r.Since = l.query.Since
	case l.tail < 0 || l.query.Download && !l.query.Follow:
		r.All = true
	default:
		r.Tail = l.tail
	}
	return r
}

// long reports whether whole logs may be read.
func (l *logRequest) long() bool {
	r := l.streamRange()
	return r.All || r.Tail > 20_000 || !r.Since.IsZero() && !l.query.Follow
}

func (l *logRequest) encoder(f stream.Format) *lineEncoder {
	return &lineEncoder{format: f, ansi: l.query.ANSI, timestamps: l.query.Timestamps, names: len(l.containers) != 1}
}

// fileName is the Content-Disposition of a download.
func (l *logRequest) fileName() string {
	name := "logs"
	if len(l.containers) == 1 {
		name = l.containers[0].Name
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name + time.Now().UTC().Format("-20060102-150405") + ".log"})
}
