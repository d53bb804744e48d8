package engine

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func frameOf(stream byte, payload string) string {
	head := make([]byte, frameHead)
	head[0] = stream
	binary.BigEndian.PutUint32(head[4:], uint32(len(payload)))
	return string(head) + payload
}

// chunks is a reader that returns its parts one by one.
type chunks struct{ parts []string }

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.parts[0])
	if c.parts[0] = c.parts[0][n:]; c.parts[0] == "" {
		c.parts = c.parts[1:]
	}
	return n, nil
}

// TestFramesAreTakenApart decodes random sequences of frames, read in random pieces, and compares the result with the payloads.
func TestFramesAreTakenApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var sent, out, errs strings.Builder
		for range rapid.IntRange(0, 20).Draw(t, "frames") {
			stream := rapid.SampledFrom([]byte{frameInput, frameOutput, frameErrors}).Draw(t, "stream")
			payload := strings.Repeat(rapid.StringN(0, 20, -1).Draw(t, "payload"), rapid.SampledFrom([]int{1, 7, 900, 5_000}).Draw(t, "times"))
			sent.WriteString(frameOf(stream, payload))
			if stream == frameErrors {
				errs.WriteString(payload)
			} else {
				out.WriteString(payload)
			}
		}
		rest, src := sent.String(), &chunks{}
		for rest != "" {
			n := min(len(rest), rapid.SampledFrom([]int{1, 5, 8, 9, 1_000, 70_000}).Draw(t, "piece"))
			src.parts, rest = append(src.parts, rest[:n]), rest[n:]
		}
		var gotOut, gotErrs bytes.Buffer
		require.NoError(t, copyFrames(&gotOut, &gotErrs, src))
		require.Equal(t, out.String(), gotOut.String())
		require.Equal(t, errs.String(), gotErrs.String())
	})
}

// writes counts the calls of Write.
type writes struct{ n int }

func (w *writes) Write(p []byte) (int, error) {
	w.n++
	return len(p), nil
}

func TestFramesThatCameTogetherAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	out, errs := &writes{}, &writes{}
	one := frameOf(frameOutput, "a") + frameOf(frameOutput, "b")
	require.NoError(t, copyFrames(out, errs, strings.NewReader(one+frameOf(frameErrors, "c")+one)))
	require.Equal(t, 2, out.n)
	require.Equal(t, 1, errs.n)
}

func TestFramesThatAreNone(t *testing.T) {
	t.Parallel()
	whole := frameOf(frameOutput, "abc")
	for name, c := range map[string]struct{ sent, words string }{
		"no head":           {"HTTP/1.1 400 Bad Request", "damaged"},
		"unknown stream":    {frameOf(9, "abc"), "damaged"},
		"part of a head":    {whole + whole[:3], io.ErrUnexpectedEOF.Error()},
		"part of a payload": {whole[:frameHead+1], io.ErrUnexpectedEOF.Error()},
		"failure":           {whole + frameOf(frameFailure, "no such process") + whole, "the engine: no such process"},
		"long failure":      {frameOf(frameFailure, strings.Repeat("x", 1<<20)), strings.Repeat("x", maxFailure)},
		"part of a failure": {frameOf(frameFailure, "no such process")[:frameHead+7], "the engine: no such"},
		"empty failure":     {frameOf(frameFailure, ""), "the engine"},
	} {
		for kind, src := range map[string]io.Reader{"whole": strings.NewReader(c.sent), "byte by byte": iotest.OneByteReader(strings.NewReader(c.sent))} {
			err := copyFrames(io.Discard, io.Discard, src)
			require.ErrorContains(t, err, c.words, "%s, %s", name, kind)
			require.Less(t, len(err.Error()), 2*maxFailure, name)
		}
	}
}
