package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/db/dbtest"
	"wharf/dockerx"
	"wharf/dockerx/dockertest"
)

// example is a request of docs/api.md and the answer shown below it.
type example struct{ curl, answer string }

// exampleBlocks finds requests, and the answer below each that shows one.
var exampleBlocks = regexp.MustCompile("(?s)```sh\n(curl [^`]*)```\n(?:\n```json\n([^`]*)```)?")

// Every request in docs/api.md is made, in order; every answer has the shape that the page shows.
func TestDocumentedRequestsAnswerAsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	blocks := exampleBlocks.FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(blocks), 12)

	d := dockertest.NewDaemon(t)
	d.Add(dockertest.Container{Name: "nginx-web"}, dockertest.Container{Name: "old-job"})
	w := setupOn(t, dbtest.Open(t, dbtest.SQLiteSource(t)), []dockerx.HostConfig{{Name: "119server", Addr: d.Addr()}}, noUsers)
	vars := map[string]string{}
	for _, b := range blocks {
		e := example{b[1], b[2]}
		got := w.curl(os.Expand(e.curl, func(name string) string { return vars[name] }))
		if e.answer == "" {
			require.Equal(t, http.StatusOK, got.status, "%s\n%s", e.curl, got.body)
			continue
		}
		var want, have any
		require.NoError(t, json.Unmarshal([]byte(e.answer), &want), e.answer)
		require.NoError(t, json.Unmarshal([]byte(got.body), &have), "%s\n%s", e.curl, got.body)
		compare(t, firstLine(e.curl), want, have)
		if failure := strings.Contains(e.answer, `"success":false`); failure {
			require.JSONEq(t, e.answer, got.body)
		}
		remember(vars, have)
	}
}

// remember stores the tokens of an answer for the requests that follow.
func remember(vars map[string]string, answer any) {
	fields, ok := answer.(map[string]any)
	if !ok {
		return
	}
	for key, name := range map[string]string{"access_token": "ACCESS_TOKEN", "refresh_token": "REFRESH_TOKEN"} {
		if token, ok := fields[key].(string); ok {
			vars[name] = secret(token)
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

var curlWord = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s\\]+`)

// curl makes the request of a curl command line: -X, -H, -d and the address.
func (w *fixture) curl(line string) answer {
	w.t.Helper()
	method, path, body := "GET", "", any(nil)
	header := http.Header{}
	words := curlWord.FindAllString(line, -1)
	for i := 1; i < len(words); i++ {
		word := strings.Trim(words[i], `'"`)
		switch word {
		case "-X", "-H", "-d":
			i++
			value := strings.Trim(words[i], `'"`)
			switch word {
			case "-X":
				method = value
			case "-H":
				name, text, _ := strings.Cut(value, ": ")
				header.Set(name, text)
			case "-d":
				body = value
			}
		case "-N", "-s":
		default:
			require.True(w.t, strings.HasPrefix(word, "http://localhost:9083/"), word)
			path = strings.TrimPrefix(word, "http://localhost:9083")
		}
	}
	return w.call(method, path, "", body, func(r *http.Request) { r.Header = header })
}
