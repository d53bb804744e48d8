package logs

import (
	"cmp"
	"context"

	"wharf/api/dto"
	servicelogs "wharf/service/logs"
	"wharf/util/apperr"
)

// Page reads a page: a part of the logs, or the hits of a search. Errors: Invalid if the request is to follow the log, and the
// error of the container if there is only one.
func (l *Request) Page(ctx context.Context) (answer dto.LogPage, err error) {
	if l.Query.Follow {
		return answer, errFollowPage
	}
	if l.Searches() {
		return l.searchPage(ctx)
	}
	page := servicelogs.ReadPage(ctx, l.Containers, servicelogs.PageQuery{
		Filter: l.filter, Before: l.before, After: l.after, Tail: l.pageTail(), Since: l.Query.Since, Until: l.Query.Until, Limit: l.Query.Limit,
	})
	if len(l.Containers) == 1 && page.Errors[0] != nil {
		return answer, page.Errors[0]
	}
	answer = dto.LogPage{Lines: make([]dto.LogLine, len(page.Lines)), Gaps: []dto.LogGap{}, LogHosts: l.About}
	enc := l.encoder(0)
	for i, line := range page.Lines {
		answer.Lines[i] = enc.line(line.Container, line.Batch, line.Line)
	}
	for _, g := range page.Gaps {
		answer.Gaps = append(answer.Gaps, gapOf(g))
	}
	l.failures(answer.Containers, page.Errors)
	if len(page.Lines) > 0 {
		answer.Prev = OlderPrefix + string(page.Prev.Text())
	}
	answer.Next = string(page.Next.Text())
	return answer, nil
}

func (l *Request) pageTail() int {
	if l.tail < 0 {
		return l.Query.Limit
	}
	return l.tail
}

// failures sets the reasons why containers could not be read.
func (l *Request) failures(rows []dto.LogContainer, errs []error) {
	for i, err := range errs {
		rows[i].Error = apperr.Reason(err)
	}
}

func gapOf(g servicelogs.Gap) dto.LogGap {
	return dto.LogGap{Host: g.Container.Host, ID: g.Container.ID, Name: g.Container.Name, From: g.From, To: g.To, Reason: g.Reason}
}

var errFollowPage = apperr.New(apperr.Invalid, "follow: wants Accept: text/event-stream, application/x-ndjson or text/plain")

func (l *Request) searchQuery() servicelogs.SearchQuery {
	return servicelogs.SearchQuery{
		Filter: l.filter, Before: l.before, Since: l.Query.Since, Until: l.Query.Until, Limit: l.Query.Limit, Context: l.Query.Context,
	}
}

func (l *Request) searchContext(ctx context.Context) (context.Context, context.CancelFunc) {
	return servicelogs.WithDeadline(ctx, cmp.Or(l.Query.Deadline, searchTime))
}

// searchPage answers with the hits of a search, the newest first.
func (l *Request) searchPage(caller context.Context) (answer dto.LogPage, err error) {
	ctx, cancel := l.searchContext(caller)
	defer cancel()
	answer = dto.LogPage{Lines: []dto.LogLine{}, Gaps: []dto.LogGap{}, LogHosts: l.About}
	enc := l.encoder(0)
	result, err := servicelogs.Search(ctx, l.Containers, l.searchQuery(), func(h servicelogs.Hit) error {
		line := enc.line(h.Container, h.Batch, h.Line)
		line.Before, line.After = enc.contextLines(h.Before), enc.contextLines(h.After)
		answer.Lines = append(answer.Lines, line)
		return nil
	}, func(servicelogs.Progress) error { return nil })
	switch {
	case err != nil:
		return answer, err
	case caller.Err() != nil:
		return answer, caller.Err()
	case len(l.Containers) == 1 && result.Errors[0] != nil:
		return answer, result.Errors[0]
	}
	l.failures(answer.Containers, result.Errors)
	answer.Complete = &result.Complete
	if !result.Complete {
		answer.Prev = OlderPrefix + string(result.Places.Text())
	}
	return answer, nil
}
