package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// frameOf returns one frame of an engine's answer.
func frameOf(stream Stream, at time.Time, text string) []byte {
	payload := at.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + text
	b := append([]byte{byte(stream), 0, 0, 0}, binary.BigEndian.AppendUint32(nil, uint32(len(payload)))...)
	return append(b, payload...)
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)

// decodeAll decodes an answer to its end.
func decodeAll(r io.Reader, tty bool) (*Batch, error) {
	d, b := newDecoder(r, tty), &Batch{}
	for {
		if err := d.next(b); err != nil {
			return b, err
		}
	}
}

func textsOf(b *Batch) []string {
	var all []string
	for i := range b.Lines {
		all = append(all, string(b.Text(i)))
	}
	return all
}

func TestPiecesOfALineAreJoined(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("x", fullFrame)
	for name, c := range map[string]struct {
		frames []string
		want   []string
	}{
		"a line that fits":                           {[]string{"a\n", "\n", "b\n"}, []string{"a", "", "b"}},
		"pieces up to a line end":                    {[]string{full, full, "end\n", "next\n"}, []string{full + full + "end", "next"}},
		"the driver local leaves the line end away":  {[]string{full, "end", "next\n"}, []string{full + "end", "next"}},
		"a line of exactly one piece, json-file":     {[]string{full, "\n", "next\n"}, []string{full, "next"}},
		"a line of exactly one piece, local":         {[]string{full, "", "next\n"}, []string{full, "next"}},
		"a short line without an end stays a line":   {[]string{"prompt> ", "next\n"}, []string{"prompt> ", "next"}},
		"bytes that are no UTF-8 become U+FFFD":      {[]string{"a\xff\xfeb\n"}, []string{"a\uFFFDb"}},
		"a carriage return stays without a terminal": {[]string{"a\r\n"}, []string{"a\r"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answer []byte
			for i, text := range c.frames {
				answer = append(answer, frameOf(Stdout, start.Add(time.Duration(i)), text)...)
			}
			for _, r := range []io.Reader{bytes.NewReader(answer), iotest.OneByteReader(bytes.NewReader(answer))} {
				b, err := decodeAll(r, false)
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, c.want, textsOf(b))
				require.Equal(t, start, b.Lines[0].Time())
			}
		})
	}
}

func TestStreamsAreJoinedApart(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("o", fullFrame)
	answer := frameOf(Stdout, start, full)
	answer = append(answer, frameOf(Stderr, start.Add(1), "between\n")...)
	answer = append(answer, frameOf(Stdout, start.Add(2), "end\n")...)
	b, err := decodeAll(bytes.NewReader(answer), false)
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, []string{"between", full + "end"}, textsOf(b))
	require.Equal(t, Stderr, b.Lines[0].Stream)
	require.Equal(t, start, b.Lines[1].Time(), "a line has the time of its first piece")
}

func TestALineBeyondTheBoundIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	var answer []byte
	for i := range 20 {
		answer = append(answer, frameOf(Stdout, start.Add(time.Duration(i)), strings.Repeat("y", fullFrame))...)
	}
	answer = append(answer, frameOf(Stdout, start.Add(time.Hour), "end\n")...)
	answer = append(answer, frameOf(Stdout, start.Add(2*time.Hour), "next\n")...)
	b, err := decodeAll(bytes.NewReader(answer), false)
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, b.Lines, 2)
	require.Len(t, b.Text(0), maxText)
	require.True(t, b.Lines[0].Cut)
	require.False(t, b.Lines[1].Cut)
}

func TestEqualLinesOfOneTimeHavePositionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	answer := bytes.Repeat(frameOf(Stdout, start, "same\n"), 3)
	b, err := decodeAll(bytes.NewReader(answer), false)
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, map[Position]bool{b.Lines[0].Position: true, b.Lines[1].Position: true, b.Lines[2].Position: true}, 3)
}

func TestWhatIsNoLogIsAnError(t *testing.T) {
	t.Parallel()
	_, err := decodeAll(strings.NewReader("HTTP/1.1 200 OK, and more than eight bytes"), false)
	require.ErrorIs(t, err, errDamaged)
	huge := append([]byte{1, 0, 0, 0}, 0xff, 0xff, 0xff, 0xff)
	_, err = decodeAll(bytes.NewReader(append(huge, make([]byte, 100)...)), false)
	require.ErrorIs(t, err, errDamaged)
	_, err = decodeAll(bytes.NewReader(append([]byte{3, 0, 0, 0, 0, 0, 0, 5}, "sorry"...)), false)
	var unreadable *engineError
	require.ErrorAs(t, err, &unreadable)
	_, err = decodeAll(io.MultiReader(bytes.NewReader(frameOf(Stdout, start, "a\n")), iotest.ErrReader(errors.New("cut"))), false)
	require.ErrorContains(t, err, "cut")
}

func TestATerminalsLinesAreFound(t *testing.T) {
	t.Parallel()
	stamp := func(i int) string {
		return start.Add(time.Duration(i)).Format("2006-01-02T15:04:05.000000000Z") + " "
	}
	full := strings.Repeat("z", fullFrame)
	for name, c := range map[string]struct {
		answer string
		want   []string
	}{
		"lines":                           {stamp(0) + "a\r\n" + stamp(1) + "b\r\n", []string{"a", "b"}},
		"a long line":                     {stamp(0) + full + stamp(1) + full + stamp(2) + "end\r\n" + stamp(3) + "b\r\n", []string{full + full + "end", "b"}},
		"a long line without its end":     {stamp(0) + full + stamp(1) + "end\r" + stamp(2) + "b\r\n", []string{full + "end", "b"}},
		"a time in the text is text":      {stamp(0) + "at " + stamp(1) + "b\r\n", []string{"at " + stamp(1) + "b"}},
		"a carriage return inside a line": {stamp(0) + "10%\r20%\r\n", []string{"10%\r20%"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(c.answer), iotest.OneByteReader(strings.NewReader(c.answer))} {
				b, err := decodeAll(r, true)
				require.ErrorIs(t, err, io.EOF)
				require.Equal(t, c.want, textsOf(b))
			}
		})
	}
}

func TestPositionsSurviveTheirText(t *testing.T) {
	t.Parallel()
	for _, p := range []Position{{}, {At: start.UnixNano(), Sum: sumMask, Nth: nthMask, Stream: Stderr}, {At: 1, Stream: Stdout}} {
		b := p.AppendBinary(nil)
		require.Len(t, b, PositionBytes)
		got, err := ParsePosition(b)
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	for _, bad := range [][]byte{nil, make([]byte, 10), bytes.Repeat([]byte{0xff}, PositionBytes)} {
		_, err := ParsePosition(bad)
		require.Error(t, err)
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(frameOf(Stdout, start, "a\n"), false)
	f.Add([]byte(start.Format(time.RFC3339Nano)+" a\r\n"), true)
	f.Add([]byte("-\n-"), true) // a line without its time
	f.Fuzz(func(t *testing.T, answer []byte, tty bool) {
		b, err := decodeAll(bytes.NewReader(answer), tty)
		require.Error(t, err)
		for i := range b.Lines {
			require.LessOrEqual(t, len(b.Text(i)), 3*maxText, fmt.Sprint(i))
		}
	})
}
