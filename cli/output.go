package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"wharf/util/text"
)

// outputFlag adds -o to a command. Its value is in a.output when the command runs.
func (a *app) outputFlag(c *cobra.Command, byDefault string) {
	c.Flags().StringP("output", "o", byDefault, "the `FORMAT`: table, json, ndjson or template=TEMPLATE, a Go template for each row")
	a.complete(c, "output", fixed("table", "json", "ndjson", "template="))
}

// column is a column of a table.
type column[T any] struct {
	head string
	cell func(T) string
}

// show prints rows in the format of -o: by default as a table like docker's.
func show[T any](a *app, rows []T, columns []column[T]) error {
	switch a.output {
	case "table", "":
		return showTable(a.out, rows, columns)
	case "json":
		if rows == nil {
			rows = []T{}
		}
		return a.printJSON(rows, "  ")
	}
	each, err := eachRow[T](a)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if err := each(row); err != nil {
			return err
		}
	}
	return nil
}

func showTable[T any](out io.Writer, rows []T, columns []column[T]) error {
	table := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.head
	}
	fmt.Fprintln(table, strings.Join(cells, "\t"))
	for _, row := range rows {
		for i, c := range columns {
			cells[i] = text.Terminal(c.cell(row))
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

// eachRow returns a function that prints one row in the format of -o, other than table: rows that arrive one by one are lines
// of JSON.
func eachRow[T any](a *app) (func(T) error, error) {
	if a.output == "json" || a.output == "ndjson" {
		return func(row T) error { return a.printJSON(row, "") }, nil
	}
	source, ok := strings.CutPrefix(a.output, "template=")
	if !ok {
		return nil, exit(exitUsage, "-o %q: expected table, json, ndjson or template=TEMPLATE", a.output)
	}
	parsed, err := template.New("-o").Funcs(template.FuncMap{
		"json":  func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"join":  strings.Join,
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
		"short": shortID,
	}).Parse(source)
	if err != nil {
		return nil, exit(exitUsage, "-o: %v", err)
	}
	return func(row T) error {
		var b bytes.Buffer
		if err := parsed.Execute(&b, row); err != nil {
			return exit(exitUsage, "-o: %v", err)
		}
		return a.printLine(b.String())
	}, nil
}

// printLine prints a text that came from an engine. On a terminal it removes control characters.
func (a *app) printLine(s string) error {
	if isTerminal(a.out) {
		parts := strings.Split(s, "\n")
		for i, part := range parts {
			parts[i] = text.Terminal(strings.ReplaceAll(part, "\t", "    "))
		}
		s = strings.Join(parts, "\n")
	}
	_, err := fmt.Fprintln(a.out, s)
	return err
}

// printJSON prints a value as JSON, with characters escaped that could control a terminal. The value stays the same.
func (a *app) printJSON(v any, indent string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(a.out, escapeHidden(b.String()))
	return err
}

// escapeHidden escapes the characters in a JSON text that text.Printable refuses, as \uXXXX.
func escapeHidden(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || text.Printable(string(r)):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// say prints a sentence about what was done.
func (a *app) say(format string, args ...any) error {
	_, err := fmt.Fprintln(a.out, text.Terminal(fmt.Sprintf(format, args...)))
	return err
}
