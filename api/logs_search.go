package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"wharf/api/dto"
	"wharf/api/stream"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

var errFollowPage = apperr.New(apperr.Invalid, "follow: wants Accept: text/event-stream, application/x-ndjson or text/plain")

func (l *logRequest) searchQuery() servicelogs.SearchQuery {
	return servicelogs.SearchQuery{
		Filter: l.filter, Before: l.before, Since: l.query.Since, Until: l.query.Until, Limit: l.query.Limit, Context: l.query.Context,
	}
}

func (l *logRequest) searchContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return servicelogs.WithDeadline(ctx, cmp.Or(l.query.Deadline, searchTime))
}

// searchPage answers with what a search finds, the newest first.
func (l *logRequest) searchPage(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := l.searchContext(r.Context())
	defer cancel()
	answer := dto.LogPage{Lines: []dto.LogLine{}, Gaps: []dto.LogGap{}, LogHosts: l.about}
	enc := l.encoder(0)
	result, err := servicelogs.Search(ctx, l.containers, l.searchQuery(), func(h servicelogs.Hit) error {
		line := enc.line(h.Container, h.Batch, h.Line)
		line.Before, line.After = enc.contextLines(h.Before), enc.contextLines(h.After)
		answer.Lines = append(answer.Lines, line)
		return nil
	}, func(servicelogs.Progress) error { return nil })
	switch {
	case err != nil:
		return err
	case r.Context().Err() != nil:
		return r.Context().Err()
	case len(l.containers) == 1 && result.Errors[0] != nil:
		return result.Errors[0]
	}
	l.failures(answer.Containers, result.Errors)
	answer.Complete = &result.Complete
	if !result.Complete {
		answer.Prev = olderPrefix + string(result.Places.Text())
	}
	return respondData(w, answer)
}

// searchSource streams hits as they are found, and how far the search is.
func (l *logRequest) searchSource() stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		ctx, cancel := l.searchContext(ctx)
		defer cancel()
		say := &logSpeaker{out: out, enc: l.encoder(out.Format())}
		if err := say.about(l.about); err != nil {
			return err
		}
		var buf []byte
		result, err := servicelogs.Search(ctx, l.containers, l.searchQuery(), func(h servicelogs.Hit) error {
			buf = say.enc.hit(buf[:0], h)
			return out.Append(buf, 1)
		}, say.progress)
		if err != nil {
			return err
		}
		return errors.Join(say.failures(l.containers, result.Errors), say.progress(result.Progress), say.searchEnd(result))
	}
}
