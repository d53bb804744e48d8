package images

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestAnswerIsDecodedOnceWhileItStaysTheSame(t *testing.T) {
	t.Parallel()
	decoded := 0
	var last LastAnswer[string]
	decode := last.Decoder(func(r io.Reader) (*string, error) {
		decoded++
		b, err := io.ReadAll(r)
		if bytes.HasPrefix(b, []byte("bad")) {
			return nil, errors.New("bad")
		}
		s := string(b)
		return &s, err
	})
	large := strings.Repeat("x", lastAnswerMax+1)
	for _, c := range []struct {
		answer string
		times  int // number of answers decoded so far
	}{
		{"one", 1},
		{"one", 1},
		{"two", 2},
		{"one", 3},
		{"bad", 4},
		{"bad", 5},
		{"one", 5},
		{large, 6},
		{large, 7},
		{large[1:], 8},
	} {
		got, err := decode(strings.NewReader(c.answer))
		require.Equal(t, c.times, decoded, "%.10s", c.answer)
		if c.answer == "bad" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err)
		require.Len(t, *got, len(c.answer))
		require.Equal(t, c.answer[0], (*got)[0])
	}
	_, err := decode(iotest.ErrReader(io.ErrUnexpectedEOF))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
