package stream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"wharf/api/stream"
)

// A handler opens what can fail with a status of its own, then passes a source to the kit. This source is a search that reports
// hits and ends with a summary.
func Example() {
	kit := stream.New(stream.Config{})
	defer kit.Close()
	handler := func(w http.ResponseWriter, r *http.Request) {
		hits := []string{"first", "second"}
		o := stream.Options{Caller: "gildong", Formats: []stream.Format{stream.NDJSON, stream.SSE, stream.Text}}
		err := kit.Serve(w, r, o, func(ctx context.Context, out *stream.Writer) error {
			for _, hit := range hits {
				item := stream.Item{Event: "hit", Data: []byte(hit)}
				if out.Format() != stream.Text {
					item.Data, _ = json.Marshal(map[string]string{"text": hit})
				}
				if err := out.Send(item); err != nil {
					return err // the client, its session or the server has ended the stream
				}
			}
			return out.Send(stream.Item{Event: "done", Data: []byte("{}")}) // nil ends it in order
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotAcceptable)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(handler))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s\n%s", resp.Header.Get("Content-Type"), body)
	// Output:
	// application/x-ndjson
	// {"text":"first"}
	// {"text":"second"}
	// {}
}
