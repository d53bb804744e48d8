package connect

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func reading(l Limit, text string) (int, error) {
	b, err := io.ReadAll(l.wrap(io.NopCloser(strings.NewReader(text))))
	return len(b), err
}

func TestLimitOfBytesIsOfTheWholeAnswer(t *testing.T) {
	t.Parallel()
	_, err := reading(Bytes(100), strings.Repeat("x", 101))
	require.ErrorIs(t, err, ErrTooLarge)
	n, err := reading(Bytes(100), strings.Repeat("x", 100))
	require.NoError(t, err)
	require.Equal(t, 100, n)
}

func TestLimitOfLinesIsOfEachLine(t *testing.T) {
	t.Parallel()
	const most = 10_000
	short := strings.Repeat(strings.Repeat("x", most-1)+"\n", 30)
	n, err := reading(Lines(most), short)
	require.NoError(t, err)
	require.Len(t, short, n)
	_, err = reading(Lines(most), strings.Repeat("x", most+1))
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestAnAnswerWithoutAStatedLimitIsRefused(t *testing.T) {
	t.Parallel()
	transport, err := New(Config{Addr: "unix:///nowhere"})
	require.NoError(t, err)
	_, err = transport.Open(t.Context(), Request{Path: "/_ping"})
	require.ErrorContains(t, err, "no limit")
}
