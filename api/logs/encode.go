package logs

import (
	"strconv"
	"time"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/logs"
	servicelogs "wharf/service/logs"
)

// lineEncoder encodes lines. Only one goroutine may use it.
type lineEncoder struct {
	format     stream.Format
	ansi       bool // keep escape sequences
	timestamps bool
	names      bool // write the container's name before each line of text

	of     *servicelogs.Container // container whose part of the JSON object is in begin
	begin  []byte
	second int64 // second whose text is in stamp
	stamp  []byte
	clean  []byte
}

// append appends a line in the encoder's format. id is the id of its event in SSE, nil for none.
func (e *lineEncoder) append(dst []byte, c *servicelogs.Container, b *logs.Batch, i int, id []byte) []byte {
	switch e.format {
	case stream.Text:
		return append(e.text(dst, c, b, i), '\n')
	case stream.NDJSON:
		return append(e.object(dst, c, b, i), "}\n"...)
	default:
		if id != nil {
			dst = append(append(append(dst, "id: "...), id...), '\n')
		}
		dst = append(dst, "event: log\ndata: "...)
		return append(e.object(dst, c, b, i), "}\n\n"...)
	}
}

// hit appends a search's hit with the lines around it.
func (e *lineEncoder) hit(dst []byte, h servicelogs.Hit) []byte {
	if e.format == stream.Text {
		dst = e.neighbours(dst, h.Container, h.Before)
		dst = append(e.text(dst, h.Container, h.Batch, h.Line), '\n')
		if dst = e.neighbours(dst, h.Container, h.After); h.Before != nil {
			dst = append(dst, "--\n"...)
		}
		return dst
	}
	if e.format == stream.SSE {
		dst = append(dst, "event: log\ndata: "...)
	}
	dst = e.object(dst, h.Container, h.Batch, h.Line)
	dst = e.context(dst, `,"before":`, h.Before)
	dst = e.context(dst, `,"after":`, h.After)
	if e.format == stream.SSE {
		return append(dst, "}\n\n"...)
	}
	return append(dst, "}\n"...)
}

func (e *lineEncoder) neighbours(dst []byte, c *servicelogs.Container, b *logs.Batch) []byte {
	if b == nil {
		return dst
	}
	for i := range b.Lines {
		dst = append(e.text(dst, c, b, i), '\n')
	}
	return dst
}

func (e *lineEncoder) context(dst []byte, key string, b *logs.Batch) []byte {
	if b == nil || len(b.Lines) == 0 {
		return dst
	}
	return append(append(dst, key...), stream.Encode(e.contextLines(b))...)
}

func (e *lineEncoder) contextLines(b *logs.Batch) []dto.ContextLine {
	if b == nil || len(b.Lines) == 0 {
		return nil
	}
	all := make([]dto.ContextLine, len(b.Lines))
	for i := range b.Lines {
		l := &b.Lines[i]
		all[i] = dto.ContextLine{At: l.Time(), Stream: l.Stream.String(), Text: string(e.shown(b.Text(i)))}
	}
	return all
}

// object appends a line's JSON object without its closing brace.
func (e *lineEncoder) object(dst []byte, c *servicelogs.Container, b *logs.Batch, i int) []byte {
	l := &b.Lines[i]
	if e.of != c {
		e.of = c
		e.begin = append(appendJSONString(append(e.begin[:0], `{"host":`...), []byte(c.Host)), `,"id":"`...)
		e.begin = append(append(append(e.begin, c.ID...), `","name":`...), appendJSONString(nil, []byte(c.Name))...)
		e.begin = append(e.begin, `,"at":"`...)
	}
	dst = e.time(append(dst, e.begin...), l.At)
	if l.Stream == logs.Stderr {
		dst = append(dst, `","stream":"stderr","text":`...)
	} else {
		dst = append(dst, `","stream":"stdout","text":`...)
	}
	text := b.Text(i)
	dst = appendJSONString(dst, e.shown(text))
	dst = append(append(append(dst, `,"level":"`...), servicelogs.LevelOf(text)...), '"')
	if l.Cut {
		dst = append(dst, `,"cut":true`...)
	}
	return dst
}

// line returns a line as an element of a page.
func (e *lineEncoder) line(c *servicelogs.Container, b *logs.Batch, i int) dto.LogLine {
	l, text := &b.Lines[i], b.Text(i)
	return dto.LogLine{
		Host: c.Host, ID: c.ID, Name: c.Name, At: l.Time(), Stream: l.Stream.String(), Text: string(e.shown(text)),
		Level: servicelogs.LevelOf(text), Cut: l.Cut,
	}
}

func (e *lineEncoder) text(dst []byte, c *servicelogs.Container, b *logs.Batch, i int) []byte {
	if e.names {
		dst = append(append(dst, c.Name...), " | "...)
	}
	if e.timestamps {
		dst = append(e.time(dst, b.Lines[i].At), ' ')
	}
	return append(dst, e.shown(b.Text(i))...)
}

// shown returns a text with or without escape sequences, as the caller asked.
func (e *lineEncoder) shown(text []byte) []byte {
	if e.ansi {
		return text
	}
	e.clean = servicelogs.StripANSI(e.clean[:0], text)
	return e.clean
}

// time appends a time as RFC 3339 with nine decimals.
func (e *lineEncoder) time(dst []byte, at int64) []byte {
	second := at / 1e9
	if e.stamp == nil || e.second != second {
		e.second = second
		e.stamp = time.Unix(second, 0).UTC().AppendFormat(e.stamp[:0], "2006-01-02T15:04:05.")
	}
	dst = append(dst, e.stamp...)
	nano := at % 1e9
	for least := int64(1e8); least > nano && least > 1; least /= 10 {
		dst = append(dst, '0')
	}
	return append(strconv.AppendInt(dst, nano, 10), 'Z')
}

// appendJSONString appends valid UTF-8 as a JSON string.
func appendJSONString(dst, text []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i, c := range text {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, text[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, text[start:]...), '"')
}

const hexDigits = "0123456789abcdef"
