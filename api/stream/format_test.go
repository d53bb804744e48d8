package stream

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChooseFollowsTheAcceptHeader(t *testing.T) {
	t.Parallel()
	all := []Format{SSE, NDJSON, Text}
	for _, c := range []struct {
		accept  string
		formats []Format
		want    Format
		refused bool
	}{
		{"", all, SSE, false},
		{"*/*", all, SSE, false},
		{"", []Format{Text, SSE}, Text, false},
		{"text/*", []Format{NDJSON, Text}, Text, false},
		{"application/x-ndjson", all, NDJSON, false},
		{"application/*", all, NDJSON, false},
		{"text/plain, */*", all, Text, false},
		{"text/plain;q=0.5, text/event-stream;q=0.4", all, Text, false},
		{"text/event-stream;q=0, */*", all, NDJSON, false},
		{"text/html, */*;q=0.1", all, SSE, false},
		{"TEXT/PLAIN;charset=utf-8", all, Text, false},
		{"application/json", all, 0, true},
		{"text/event-stream;q=0", []Format{SSE}, 0, true},
		{"image/png, text/html", []Format{SSE}, 0, true},
		{"/;;,=", all, 0, true},
		{"text/plain", []Format{SSE, NDJSON}, 0, true},
	} {
		got, ok := choose(asking(c.accept), c.formats)
		require.Equal(t, !c.refused, ok, c.accept)
		require.Equal(t, c.want, got, c.accept)
	}
}

func TestWantedNeedsTheStreamsName(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/*": false, "application/json": false, "application/json, text/event-stream": true,
		"text/event-stream": true, "text/event-stream;q=0": false, "application/json, text/event-stream;q=0.5": false,
		"application/x-ndjson": true, "text/plain": false,
	} {
		require.Equal(t, want, Wanted(asking(accept), SSE, NDJSON), accept)
	}
}

func asking(accept string) *http.Request {
	r := &http.Request{Header: http.Header{}}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	return r
}

func TestItemsInEachFormat(t *testing.T) {
	t.Parallel()
	item := Item{ID: "7", Event: "log", Data: []byte(`{"a":1}`)}
	require.Equal(t, "id: 7\nevent: log\ndata: {\"a\":1}\n\n", string(SSE.Append(nil, item)))
	require.Equal(t, "{\"a\":1}\n", string(NDJSON.Append(nil, item)))
	require.Equal(t, "{\"a\":1}\n", string(Text.Append(nil, item)))
	require.Equal(t, "data: \n\n", string(SSE.Append(nil, Item{})))
}

// FuzzNoItemBreaksOutOfItsFrame decodes encoded items by the HTML standard's rules: the result is one event, with the item's name
// and id if these can be sent, and its data with normalized line ends.
func FuzzNoItemBreaksOutOfItsFrame(f *testing.F) {
	f.Add("1", "log", "plain")
	f.Add("1\ndata: x", "a\nevent: b", "x\n\nevent: forged\ndata: y")
	f.Add("\x00", "\r", "\r\r\n\n")
	f.Fuzz(func(t *testing.T, id, event, data string) {
		frame := string(SSE.Append(nil, Item{ID: id, Event: event, Data: []byte(data)}))
		body, ok := strings.CutSuffix(frame, "\n\n")
		require.True(t, ok)
		var lines, fields []string
		for line := range strings.SplitSeq(body, "\n") {
			require.NotContains(t, line, "\r")
			name, value, ok := strings.Cut(line, ": ")
			require.True(t, ok, "%q", line)
			if name == "data" {
				lines = append(lines, value)
			} else {
				fields = append(fields, name, value)
			}
		}
		var want []string
		if id != "" && !strings.ContainsAny(id, "\x00\r\n") {
			want = append(want, "id", id)
		}
		if event != "" && !strings.ContainsAny(event, "\r\n") {
			want = append(want, "event", event)
		}
		require.Equal(t, want, fields)
		require.Equal(t, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data), strings.Join(lines, "\n"))
		line := string(NDJSON.Append(nil, Item{Data: []byte(data)}))
		require.Equal(t, 1, strings.Count(line, "\n"))
	})
}

// Docker's clients get its formats whatever their Accept header is. Nothing may be inserted between frames, whose length is fixed
// in advance.
func TestFormatsOfDocker(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{JSONStream, Frames, Raw} {
		got, ok := choose(asking("text/html"), []Format{f})
		require.True(t, ok)
		require.Equal(t, f, got)
		require.Empty(t, f.greeting())
		require.Empty(t, f.comment("too slow"))
	}
	require.Equal(t, "\n", string(JSONStream.AppendHeartbeat(nil)))
	require.Empty(t, Frames.AppendHeartbeat(nil))
	require.Empty(t, Raw.AppendHeartbeat(nil))
	require.Equal(t, "{\"a\": 1}\n", string(JSONStream.Append(nil, Item{Data: []byte("{\"a\":\n1}")})))
	require.Equal(t, "a\r\n", string(Raw.Append(nil, Item{Data: []byte("a\r\n")})))
	require.Equal(t, "\x01\x00\x00\x00\x00\x00\x00\x02ab", string(Frames.Append(nil, Item{Data: []byte("ab")})))
	require.Equal(t, "\x02\x00\x00\x00\x00\x00\x01\x00", string(Frames.Append(nil, Item{Event: "stderr", Data: make([]byte, 256)})[:8]))
}
