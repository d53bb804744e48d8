package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// arguments checks the number of a command's arguments; a negative most means any number.
func arguments(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		_, names, _ := strings.Cut(c.Use, " ")
		switch {
		case len(args) < least:
			return usage(c, "%s wants %s", c.CommandPath(), names)
		case most >= 0 && len(args) > most && most == 0:
			return usage(c, "unexpected argument %q", args[0])
		case most >= 0 && len(args) > most:
			return usage(c, "unexpected argument %q: %s wants %s", args[most], c.CommandPath(), names)
		}
		return nil
	}
}

func noArguments(c *cobra.Command, args []string) error { return arguments(0, 0)(c, args) }

// timeFlag is a flag for a time: a date, a time, Unix seconds, or a duration before now.
type timeFlag struct {
	at   time.Time
	text string
}

// String implements pflag.Value.
func (f *timeFlag) String() string { return f.text }

// Type implements pflag.Value.
func (f *timeFlag) Type() string { return "time" }

// Set implements pflag.Value.
func (f *timeFlag) Set(s string) error {
	at, err := parseTime(s, time.Now())
	f.at, f.text = at, s
	return err
}

const timeHelp = "a time (2026-01-28T21:59:11Z, 2026-01-28, Unix seconds) or a duration before now (90s, 15m, 2h, 7d)"

func parseTime(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return at, nil
		}
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	if seconds, err := strconv.ParseFloat(s, 64); err == nil && seconds >= 0 && seconds < 1e12 {
		return time.UnixMicro(int64(seconds * 1e6)), nil
	}
	return time.Time{}, fmt.Errorf("%q: expected %s", s, timeHelp)
}
