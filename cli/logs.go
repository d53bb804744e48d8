package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
	"wharf/util/text"
)

// maxPage is the most lines that a page of a log may have.
const maxPage = 10_000

// logsOptions are the flags of logs.
type logsOptions struct {
	query        dto.LogQuery
	since, until timeFlag
	timestamps   bool
	names        bool // several containers: lines begin with their names
}

func (a *app) logsCommand() *cobra.Command {
	var o logsOptions
	var hosts, labels []string
	c := &cobra.Command{
		Use: "logs CONTAINER... | --label LABEL", Short: "Show or follow the logs of containers",
		Long: "Shows what containers wrote, several by time, each line with its container. " + referenceHelp + "\n" +
			"--grep and --level show the newest lines that match, 1000 at most (--tail).",
		Example: lines("wharf logs -f shop", "wharf logs --since 15m web-1/shop web-2/shop", "wharf logs --grep timeout --since 1d shop",
			"wharf logs -f --label com.docker.compose.project=shop --tail 10"),
		Args: arguments(0, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := o.read(c); err != nil {
				return err
			}
			server, err := a.connect()
			if err != nil {
				return err
			}
			chosen, err := server.choose(c.Context(), c, args, hosts, labels)
			if err != nil {
				return err
			}
			o.names = len(chosen) > 1
			printLine, err := a.logPrinter(&o)
			if err != nil {
				return err
			}
			if o.query.Follow {
				return a.followLogs(c.Context(), server, chosen, &o, printLine)
			}
			return printMerged(c.Context(), a, server, chosen, &o, printLine)
		},
	}
	o.addFlags(c)
	a.hostFlag(c, &hosts)
	a.labelFlag(c, &labels)
	a.outputFlag(c, "table")
	a.complete(c, "level", fixed("trace", "debug", "info", "warn", "error", "fatal"))
	a.complete(c, "stream", fixed("stdout", "stderr"))
	c.ValidArgsFunction = a.containerNames()
	return c
}

func (o *logsOptions) addFlags(c *cobra.Command) {
	flags, q := c.Flags(), &o.query
	flags.BoolVarP(&q.Follow, "follow", "f", false, "go on with lines as they come")
	flags.StringVarP(&q.Tail, "tail", "n", "", "the last `LINES` of each, or all (default all)")
	flags.Var(&o.since, "since", "the first line, by `TIME`: "+timeHelp)
	flags.Var(&o.until, "until", "the last line, by `TIME`")
	flags.BoolVarP(&o.timestamps, "timestamps", "t", false, "times before the lines")
	flags.StringVar(&q.Grep, "grep", "", "only lines with this `TEXT`")
	flags.BoolVarP(&q.Regex, "regex", "E", false, "--grep is a regular expression (RE2)")
	flags.BoolVar(&q.Invert, "invert", false, "only lines without --grep")
	flags.StringArrayVar(&q.Level, "level", nil, "`LEVEL` trace, debug, info, warn, error or fatal; any of them")
	flags.StringVar(&q.Stream, "stream", "", "only stdout or stderr, the `STREAM`")
}

// read checks what goes together, and sets what the server is asked for.
func (o *logsOptions) read(c *cobra.Command) error {
	q := &o.query
	lines, err := strconv.Atoi(q.Tail)
	switch {
	case q.Tail != "" && q.Tail != "all" && (err != nil || lines < 0 || lines > maxPage):
		return usage(c, "--tail %q: expected 0 to %d, or all", q.Tail, maxPage)
	case o.since.text != "" && q.Tail != "" && !o.searches():
		return usage(c, "--tail doesn't go with --since")
	case q.Follow && o.until.text != "":
		return usage(c, "--until doesn't go with -f")
	}
	q.Since, q.Until = o.since.at, o.until.at
	if q.Tail == "" {
		q.Tail = "all"
	}
	if q.Limit = 1000; err == nil {
		q.Limit = max(lines, 1)
	}
	return nil
}

// searches reports whether the newest lines that match are looked for, as the server decides it.
func (o *logsOptions) searches() bool {
	return !o.query.Follow && (o.query.Grep != "" || len(o.query.Level) > 0 || o.query.Stream != "")
}

// printMerged prints the lines of several logs by time, reading a page of each at a time.
func printMerged(ctx context.Context, a *app, s *connection, chosen []target, o *logsOptions, printLine func(dto.LogLine) error) error {
	type head struct {
		line dto.LogLine
		next func() (dto.LogLine, error, bool)
	}
	heads := []head{}
	advance := func(h head) error {
		line, err, ok := h.next()
		if ok && err == nil {
			heads = append(heads, head{line, h.next})
		}
		return err
	}
	for _, t := range chosen {
		next, stop := iter.Pull2(a.linesOf(ctx, s, t, o))
		defer stop()
		if err := advance(head{next: next}); err != nil {
			return err
		}
	}
	for len(heads) > 0 {
		first := slices.MinFunc(heads, func(x, y head) int {
			return cmp.Or(x.line.At.Compare(y.line.At), cmp.Compare(x.line.ID, y.line.ID))
		})
		heads = slices.DeleteFunc(heads, func(h head) bool { return h.line.ID == first.line.ID && h.line.Host == first.line.Host })
		if err := printLine(first.line); err != nil {
			return err
		}
		if err := advance(first); err != nil {
			return err
		}
	}
	return nil
}

// linesOf reads a log, oldest lines first.
func (a *app) linesOf(ctx context.Context, s *connection, t target, o *logsOptions) iter.Seq2[dto.LogLine, error] {
	return func(yield func(dto.LogLine, error) bool) {
		q := o.query
		whole := q.Tail == "all" && !o.searches()
		if whole && q.Since.IsZero() {
			q.Since = time.Unix(1, 0) // from the beginning on, page by page
		}
		for q.Tail != "0" {
			page, err := s.ContainerLogs(ctx, t.host, t.id, q)
			if err != nil {
				yield(dto.LogLine{}, err)
				return
			}
			if o.searches() {
				slices.Reverse(page.Lines)
			}
			if page.Complete != nil && !*page.Complete {
				a.warn("%s: older lines may match too: give --until, or a larger --tail", t.said)
			}
			for _, g := range page.Gaps {
				a.warnOfGap(g)
			}
			for _, line := range page.Lines {
				if !yield(line, nil) {
					return
				}
			}
			if q.Cursor = page.Next; !whole || len(page.Lines) == 0 || q.Cursor == "" {
				return
			}
		}
	}
}

func (a *app) warnOfGap(g dto.LogGap) {
	a.warn("%s/%s: lines from %s to %s may be missing (%s)", g.Host, g.Name, g.From.Format(time.RFC3339), g.To.Format(time.RFC3339), g.Reason)
}

// followLogs prints lines as they come, until all containers are gone or Ctrl-C.
func (a *app) followLogs(ctx context.Context, s *connection, chosen []target, o *logsOptions, printLine func(dto.LogLine) error) error {
	for _, t := range chosen { // a stream would go on asking a host that is down
		if _, err := s.GetContainer(ctx, t.host, t.id); err != nil {
			return err
		}
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	items, ends := make(chan any), make(chan error, len(chosen))
	var following sync.WaitGroup
	for _, t := range chosen {
		following.Go(func() { ends <- s.follow(inner, t, o.query, items) })
	}
	defer following.Wait()
	defer cancel()
	last := time.Now()
	for open := len(chosen); open > 0; {
		var err error
		select {
		case item := <-items:
			switch item := item.(type) {
			case dto.LogLine:
				last = item.At
				err = printLine(item)
			case dto.LogGap:
				a.warnOfGap(item)
			}
		case err = <-ends:
			open--
		}
		if ctx.Err() != nil {
			a.warn("interrupted; to go on: the same with --since %s", last.UTC().Format(time.RFC3339Nano))
			return silently(exitInterrupted)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// follow sends what a container's stream brings until it is at its end.
func (s *connection) follow(ctx context.Context, t target, q dto.LogQuery, items chan<- any) error {
	for frame, err := range s.StreamContainerLogs(ctx, t.host, t.id, q) {
		if err != nil {
			return err
		}
		if end, ok := frame.Data.(dto.LogEnd); ok {
			if end.Error != "" {
				return fmt.Errorf("%s: %s", t.said, end.Error)
			}
			return nil
		}
		select {
		case items <- frame.Data:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// logPrinter returns what prints a line as -o says: by default as docker does, errors to standard error.
func (a *app) logPrinter(o *logsOptions) (func(dto.LogLine) error, error) {
	if a.output != "table" {
		return eachRow[dto.LogLine](a)
	}
	return func(l dto.LogLine) error {
		out := a.out
		if l.Stream == "stderr" {
			out = a.errs
		}
		prefix := ""
		if o.names {
			prefix = text.Terminal(l.Host+"/"+l.Name) + " | "
		}
		if o.timestamps {
			prefix += l.At.UTC().Format(time.RFC3339Nano) + " "
		}
		_, err := fmt.Fprintln(out, prefix+a.logText(out, l.Text))
		return err
	}, nil
}

// colourSequence is the escape sequences that set colours.
var colourSequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// logText returns a line of a log as it is printed: to a terminal with its colours, unless NO_COLOR forbids, but without
// other characters that act on it; elsewhere as it is.
func (a *app) logText(out io.Writer, s string) string {
	if !isTerminal(out) {
		return s
	}
	return safeText(s, a.colours(out))
}

func safeText(s string, colours bool) string {
	var b strings.Builder
	clean := func(part string) { b.WriteString(text.Terminal(strings.ReplaceAll(part, "\t", "    "))) }
	end, coloured := 0, false
	for _, at := range colourSequence.FindAllStringIndex(s, -1) {
		clean(s[end:at[0]])
		if colours {
			b.WriteString(s[at[0]:at[1]])
			coloured = true
		}
		end = at[1]
	}
	clean(s[end:])
	if coloured {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}
