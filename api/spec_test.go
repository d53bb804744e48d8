package api_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"mime"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"wharf/api"
	"wharf/api/dockerapi"
)

// spec is the document, with the answers that the suite has seen.
var spec = sync.OnceValue(loadSpec)

type document struct {
	doc       *openapi3.T
	patterns  []pattern
	validated atomic.Int64
	spent     atomic.Int64 // nanoseconds

	mu   sync.Mutex
	seen map[string]int // by "GET /hosts 200"
}

// pattern is a path of the document, split at its slashes.
type pattern struct {
	path  string
	parts []string
	item  *openapi3.PathItem
}

func loadSpec() *document {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi/openapi.json")
	if err == nil {
		err = doc.Validate(openapi3.NewLoader().Context)
	}
	if err != nil {
		panic(fmt.Sprintf("openapi/openapi.json: %v", err))
	}
	d := &document{doc: doc, seen: map[string]int{}}
	for path, item := range doc.Paths.Map() {
		d.patterns = append(d.patterns, pattern{path, strings.Split(path, "/"), item})
	}
	slices.SortFunc(d.patterns, func(a, b pattern) int { // paths without parameters first
		return strings.Count(a.path, "{") - strings.Count(b.path, "{")
	})
	return d
}

// operation returns the operation that a request belongs to, or nil if the document has no such path or method.
func (d *document) operation(method, path string) (op *openapi3.Operation, name string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(path, "/")
	for _, p := range d.patterns {
		if slices.EqualFunc(p.parts, parts, func(want, got string) bool {
			return want == got || strings.HasPrefix(want, "{")
		}) {
			if op := p.item.GetOperation(method); op != nil {
				return op, method + " " + p.path
			}
		}
	}
	return nil, ""
}

// checkDocker checks an error of Docker's API against Docker's shape: that API isn't in the document.
func checkDocker(r *http.Request, status int, body []byte) error {
	var failure map[string]string
	if status < http.StatusBadRequest || r.Method == http.MethodHead {
		return nil
	}
	if err := json.Unmarshal(body, &failure); err != nil || len(failure) != 1 || failure["message"] == "" {
		return fmt.Errorf("%s %s answered %d with %.200s: expected Docker's {\"message\"}", r.Method, r.URL.Path, status, body)
	}
	return nil
}

// check checks an answer against the document, and counts it as seen.
func (d *document) check(r *http.Request, status int, header http.Header, body []byte) error {
	start := time.Now()
	defer func() { d.spent.Add(int64(time.Since(start))) }()
	if strings.HasPrefix(r.URL.Path, dockerapi.Prefix) {
		return checkDocker(r, status, body)
	}
	op, name := d.operation(r.Method, r.URL.EscapedPath())
	if op == nil && (r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/ui/") || r.URL.Path == "/broken") { // the web page, and a stream that a test adds
		return nil
	}
	if op == nil { // no route of the table: 404, 405 or a preflight
		if status != http.StatusNotFound && status != http.StatusMethodNotAllowed && status != http.StatusNoContent &&
			status != http.StatusBadRequest && status != http.StatusForbidden {
			return fmt.Errorf("%s %s answered %d, and isn't in the document", r.Method, r.URL.Path, status)
		}
		return nil
	}
	name += " " + strconv.Itoa(status)
	d.mu.Lock()
	d.seen[name]++
	d.mu.Unlock()
	d.validated.Add(1)
	answer := op.Responses.Value(strconv.Itoa(status))
	if answer == nil {
		return fmt.Errorf("%s: the document has no such status (%.200s)", name, body)
	}
	if header.Get("X-Request-Id") == "" {
		return fmt.Errorf("%s: no X-Request-Id", name)
	}
	if status == http.StatusTooManyRequests && header.Get("Retry-After") == "" {
		return fmt.Errorf("%s: no Retry-After", name)
	}
	if r.Method == http.MethodHead || status == http.StatusNotModified || status == http.StatusSwitchingProtocols {
		return nil
	}
	if err := checkBody(answer.Value.Content, header, body); err != nil {
		return fmt.Errorf("%s: %w\n%.2000s", name, err, body)
	}
	return nil
}

func checkBody(content openapi3.Content, header http.Header, body []byte) error {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	media := content[kind]
	switch {
	case err != nil || media == nil:
		return fmt.Errorf("the document has no such Content-Type: %q", header.Get("Content-Type"))
	case kind != "application/json":
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return media.Schema.Value.VisitJSON(v, openapi3.EnableFormatValidation(), openapi3.VisitAsResponse())
}

// checkFrame checks a frame's data against the document.
func (d *document) checkFrame(path, event, data string) error {
	op, name := d.operation(http.MethodGet, path)
	if op == nil {
		return fmt.Errorf("%s isn't in the document", path)
	}
	frames, _ := op.Responses.Value("200").Value.Content["text/event-stream"].Extensions["x-frames"].(map[string]any)
	frame, ok := frames[event].(map[string]any)
	if !ok {
		return fmt.Errorf("%s: the document has no frame %q", name, event)
	}
	component, _ := frame["$ref"].(string)
	if component == "" {
		return fmt.Errorf("%s: frame %s: its data isn't a struct of package dto", name, event)
	}
	var v any
	if err := json.Unmarshal([]byte(data), &v); err != nil {
		return err
	}
	schema := d.doc.Components.Schemas[component[strings.LastIndex(component, "/")+1:]]
	if err := schema.Value.VisitJSON(v, openapi3.EnableFormatValidation()); err != nil {
		return fmt.Errorf("%s: frame %s: %w\n%s", name, event, err, data)
	}
	d.validated.Add(1)
	return nil
}

// documented lists every pair of operation and status, as check counts them.
func (d *document) documented() []string {
	var all []string
	for _, p := range d.patterns {
		for method, op := range p.item.Operations() {
			for status := range op.Responses.Map() {
				all = append(all, method+" "+p.path+" "+status)
			}
		}
	}
	slices.Sort(all)
	return all
}

// unseen lists the documented pairs that no test has seen and neverSeen doesn't list.
func (d *document) unseen() (missing []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, pair := range d.documented() {
		if _, excused := neverSeen[pair]; d.seen[pair] == 0 && !excused {
			missing = append(missing, pair)
		}
	}
	if len(neverSeen) > 10 {
		missing = append(missing, "too much to excuse: neverSeen has more than ten rows")
	}
	for _, pair := range slices.Sorted(maps.Keys(neverSeen)) {
		if d.seen[pair] > 0 {
			missing = append(missing, pair+" was seen: take it out of neverSeen")
		}
	}
	return missing
}

// reportSpec prints at the suite's end what was checked against the document. A run of the whole suite fails if a documented answer
// wasn't seen.
func reportSpec() (ok bool) {
	if testing.Short() || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" ||
		flag.Lookup("test.fuzz").Value.String() != "" || os.Getenv("WHARF_TEST_ENGINES") == "" {
		return true
	}
	d := spec()
	missing := d.unseen()
	fmt.Fprintf(os.Stdout, "spec: %d answers validated in %s all together, %d of %d documented pairs of operation and status seen\n",
		d.validated.Load(), time.Duration(d.spent.Load()).Round(time.Millisecond), len(d.documented())-len(missing)-len(neverSeen), len(d.documented()))
	for _, pair := range missing {
		fmt.Fprintln(os.Stderr, "FAIL: documented but not seen:", pair)
	}
	return len(missing) == 0
}

// watch checks every answer of a server against the document: if one isn't in the document, the test that owns the server fails.
func watch(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &tee{ResponseWriter: w}
		next.ServeHTTP(rec, r)
		if rec.status == 0 { // nothing was written: net/http answers 200, or the connection was cut
			return
		}
		if err := spec().check(r, rec.status, rec.Header(), rec.body.Bytes()); err != nil {
			t.Errorf("held against the document: %v", err)
		}
	})
}

// tee records an answer. Unwrap gives http.ResponseController access to the connection.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *tee) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *tee) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *tee) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream") {
		w.body.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// Hijack records a stream that takes over its connection as answered with 200.
func (w *tee) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil && w.status == 0 { // else 101
		w.status = http.StatusOK
	}
	return conn, rw, err
}

// TestDocumentHasEveryRoute compares the table with the document.
func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, p := range spec().patterns {
		for method := range p.item.Operations() {
			documented[method+" "+p.path] = true
		}
	}
	operations := api.Operations()
	for _, o := range operations {
		if !documented[o.Method+" "+o.Pattern] {
			t.Errorf("%s %s isn't in the document: run make spec", o.Method, o.Pattern)
		}
	}
	if len(documented) != len(operations) {
		t.Errorf("%d operations are documented, %d routes served", len(documented), len(operations))
	}
}

// neverSeen are documented pairs that no test can produce, ten at most, with the reason.
var neverSeen = map[string]string{
	"POST /user 429":             "only while the queue of passwords to hash is full, which package password tests",
	"POST /v1/session/renew 503": "its cookie is sealed by a server whose database answered then, and must be away now",

	"GET /v1/hosts/{host}/containers/{id}/exec/attach 404": "the container goes between ticket and upgrade; one handler opens both terminals",
	"GET /v1/hosts/{host}/containers/{id}/exec/attach 409": "it stops between ticket and upgrade",
	"GET /v1/hosts/{host}/containers/{id}/attach 404":      "as exec/attach",
	"GET /v1/hosts/{host}/containers/{id}/attach 409":      "as exec/attach",
	"GET /v1/hosts/{host}/containers/{id}/attach 429":      "seen for exec/attach",
	"GET /v1/hosts/{host}/containers/{id}/attach 500":      "seen for exec/attach",
	"GET /v1/hosts/{host}/containers/{id}/attach 503":      "seen for exec/attach",
	"POST /v1/hosts/{host}/containers/{id}/exec 429":       "its cap is that of terminals, seen there",
}
