package cli

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"wharf/api/dto"
	"wharf/util/text"
)

// maxPage is the maximum number of lines in a page of a log.
const maxPage = 10_000

// logsOptions are the flags of `logs`.
type logsOptions struct {
	query        dto.LogQuery
	since, until timeFlag
	timestamps   bool
	names        bool // there are several containers: begin lines with their names
}

func (a *app) logsCommand() *cobra.Command {
	var o logsOptions
	var hosts, labels []string
	c := &cobra.Command{
		Use: "logs CONTAINER... | --label LABEL", Short: "Show or follow the logs of containers",
		Long: "Shows the output of containers. Lines of several containers are merged by time, each with the container's name. " + referenceHelp + "\n" +
			"With --grep or --level it shows the newest matching lines, at most 1000 (see --tail).",
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
	flags.BoolVarP(&q.Follow, "follow", "f", false, "follow new lines")
	flags.StringVarP(&q.Tail, "tail", "n", "", "the last `LINES` lines of each container, or all (default all)")
	flags.Var(&o.since, "since", "from this `TIME` on: "+timeHelp)
	flags.Var(&o.until, "until", "up to this `TIME`")
	flags.BoolVarP(&o.timestamps, "timestamps", "t", false, "print the time before each line")
	flags.StringVar(&q.Grep, "grep", "", "only lines that contain this `TEXT`")
	flags.BoolVarP(&q.Regex, "regex", "E", false, "--grep is a regular expression (RE2)")
	flags.BoolVar(&q.Invert, "invert", false, "only lines that don't match --grep")
	flags.StringArrayVar(&q.Level, "level", nil, "only lines of this `LEVEL`: trace, debug, info, warn, error or fatal; may be repeated, any may match")
	flags.StringVar(&q.Stream, "stream", "", "only lines of this `STREAM`: stdout or stderr")
}

// read checks the combination of flags, and completes the query.
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

// searches reports whether the query selects the newest matching lines. The server uses the same rule.
func (o *logsOptions) searches() bool {
	return !o.query.Follow && (o.query.Grep != "" || len(o.query.Level) > 0 || o.query.Stream != "")
}

// logPrinter returns a function that prints a line in the format of -o: by default as docker does, errors to standard error.
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

// colourSequence matches escape sequences that set colours.
var colourSequence = regexp.MustCompile("\x1b\\[[0-9;]*m")

// logText returns a line of a log for printing. On a terminal it keeps colours, unless NO_COLOR is set, and removes other control
// characters; elsewhere the line is unchanged.
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
