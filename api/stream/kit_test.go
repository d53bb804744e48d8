package stream_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"wharf/api/stream"
	"wharf/util/apperr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for something that must happen.
const patience = time.Minute

// script is the behaviour of a source: it sends items, then returns the result of last, or waits for the end if last is nil.
type script struct {
	items []stream.Item
	last  func() error
}

// kinds are the two kinds of sources. Both follow a script.
var kinds = map[string]func(k *stream.Kit, w http.ResponseWriter, r *http.Request, o stream.Options, s script) error{
	"source": func(k *stream.Kit, w http.ResponseWriter, r *http.Request, o stream.Options, s script) error {
		return k.Serve(w, r, o, func(ctx context.Context, out *stream.Writer) error {
			for _, item := range s.items {
				if err := out.Send(item); err != nil {
					return err
				}
			}
			if s.last == nil {
				<-ctx.Done()
				return ctx.Err()
			}
			return s.last()
		})
	},
	"poller": func(k *stream.Kit, w http.ResponseWriter, r *http.Request, o stream.Options, s script) error {
		return k.ServePolled(w, r, o, func(f stream.Format, notify func()) stream.Poller {
			notify()
			return &scripted{script: s, format: f}
		})
	},
}

// scripted is a Poller that follows a script, one item at a time.
type scripted struct {
	script
	format stream.Format
}

func (p *scripted) Poll(_ context.Context, b *stream.Batch) (more bool, err error) {
	if len(p.items) > 0 {
		err := b.Append(p.format.Append(nil, p.items[0]), 1)
		p.items = p.items[1:]
		return true, err
	}
	if p.last == nil {
		return false, nil
	}
	if err := p.last(); err != nil {
		return false, err
	}
	return false, io.EOF
}

func (p *scripted) Heartbeat(dst []byte) []byte { return append(dst, ": \n\n"...) }

func (p *scripted) Close() {}

// transports are the ways to reach a server, by the protocol of the request.
var transports = []string{"HTTP/1.0", "HTTP/1.1", "HTTP/1.1 with TLS", "HTTP/2.0"}

// server serves streams that follow a script, and reports the summary of each.
type server struct {
	t       *testing.T
	kit     *stream.Kit
	ended   chan stream.Summary
	options stream.Options
	script  script
	kind    string
	plain   *httptest.Server
	secure  *httptest.Server
}

func newServer(t *testing.T, kind string, c stream.Config, s script) *server {
	t.Helper()
	srv := &server{t: t, kind: kind, script: s, ended: make(chan stream.Summary, 100)}
	c.Begin = func(*http.Request) func(stream.Summary) { return func(sum stream.Summary) { srv.ended <- sum } }
	srv.kit = stream.New(c)
	srv.plain = httptest.NewServer(srv)
	srv.secure = httptest.NewUnstartedServer(srv)
	srv.secure.EnableHTTP2 = true
	srv.secure.StartTLS()
	t.Cleanup(func() {
		srv.kit.Close()
		srv.plain.Close()
		srv.secure.Close()
	})
	return srv
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mine := s.script
	mine.items = slices.Clone(mine.items)
	var e *apperr.Error
	if err := kinds[s.kind](s.kit, w, r, s.options, mine); errors.As(err, &e) {
		w.WriteHeader(map[apperr.Kind]int{apperr.NotAcceptable: 406, apperr.TooMany: 429}[e.Kind])
	}
}

// get requests a stream.
func (s *server) get(transport string, header http.Header) *http.Response {
	s.t.Helper()
	if transport == "HTTP/1.0" {
		return s.getOld(header)
	}
	base, client := s.plain.URL, s.plain.Client()
	if transport != "HTTP/1.1" {
		base, client = s.secure.URL, s.secure.Client()
	}
	if transport == "HTTP/1.1 with TLS" {
		own := client.Transport.(*http.Transport).Clone()
		own.TLSClientConfig.NextProtos, own.ForceAttemptHTTP2 = []string{"http/1.1"}, false
		own.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
		client = &http.Client{Transport: own}
		s.t.Cleanup(own.CloseIdleConnections)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base, nil)
	require.NoError(s.t, err)
	r.Header = header
	resp, err := client.Do(r)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	require.Equal(s.t, strings.Fields(transport)[0], resp.Proto)
	return resp
}

// getOld requests a stream as an HTTP/1.0 client: the answer ends with its connection.
func (s *server) getOld(header http.Header) *http.Response {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.plain.Listener.Addr().String())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(s.t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = fmt.Fprint(conn, "GET / HTTP/1.0\r\n")
	require.NoError(s.t, err)
	require.NoError(s.t, header.Write(conn))
	_, err = fmt.Fprint(conn, "\r\n")
	require.NoError(s.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(s.t, err)
	resp.Body = connBody{resp.Body, conn}
	return resp
}

// connBody is a body whose Close also closes its connection.
type connBody struct {
	io.ReadCloser
	conn net.Conn
}

func (b connBody) Close() error { return b.conn.Close() }

// summary returns the summary of the stream that ended.
func (s *server) summary() stream.Summary {
	s.t.Helper()
	select {
	case sum := <-s.ended:
		return sum
	case <-time.After(patience):
		require.FailNow(s.t, "the stream doesn't end")
		return stream.Summary{}
	}
}

// everyWay runs a test for each kind of source over each transport.
func everyWay(t *testing.T, test func(t *testing.T, kind, transport string)) {
	for kind := range kinds {
		for _, transport := range transports {
			t.Run(kind+" over "+transport, func(t *testing.T) {
				t.Parallel()
				test(t, kind, transport)
			})
		}
	}
}

func numbered(n int) []stream.Item {
	items := make([]stream.Item, n)
	for i := range items {
		items[i] = stream.Item{ID: strconv.Itoa(i), Event: "number", Data: []byte(strconv.Itoa(i))}
	}
	return items
}

func TestStreamThatEndsIsWholeInEachFormat(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		s := newServer(t, kind, stream.Config{}, script{items: numbered(5000), last: func() error { return nil }})
		s.options.Formats = []stream.Format{stream.SSE, stream.NDJSON, stream.Text}
		for accept, last := range map[string]string{"text/event-stream": "data: 4999\n\n", "application/x-ndjson": "\n4999\n", "text/plain": "\n4999\n"} {
			resp := s.get(transport, http.Header{"Accept": {accept}})
			require.Equal(t, http.StatusOK, resp.StatusCode)
			require.Contains(t, resp.Header.Get("Content-Type"), accept)
			require.Equal(t, resp.ProtoMajor == 1, resp.Close, "the connection ends with the stream, and the client has to know")
			require.Equal(t, "no-cache", resp.Header.Get("Cache-Control"))
			require.Equal(t, "no", resp.Header.Get("X-Accel-Buffering"))
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.True(t, strings.HasSuffix(string(body), last), accept)
			sum := s.summary()
			require.NoError(t, sum.Err)
			require.Equal(t, stream.EndComplete, sum.End)
			require.Equal(t, int64(5000), sum.Items)
			require.GreaterOrEqual(t, sum.Bytes, int64(len(body)))
		}
	})
}

// A stream that is cut off must not look complete. On HTTP/1.0 only the log shows the failure: the protocol can't signal it.
func TestFailureCutsTheAnswerOffAndIsReported(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		for name, last := range map[string]func() error{
			"error": func() error { return errors.New("the engine is gone") },
			"panic": func() error { panic("a bug") },
		} {
			s := newServer(t, kind, stream.Config{}, script{items: numbered(1), last: last})
			s.options.Formats = []stream.Format{stream.NDJSON}
			body, err := io.ReadAll(s.get(transport, nil).Body)
			if transport != "HTTP/1.0" {
				require.Error(t, err, "%s: %s", name, body)
			}
			var crash *stream.PanicError
			sum := s.summary()
			require.Error(t, sum.Err)
			require.Equal(t, stream.EndFailed, sum.End)
			require.Equal(t, name == "panic", errors.As(sum.Err, &crash))
			require.Equal(t, name == "panic", strings.Contains(sum.Err.Error(), "goroutine"), "a stack")
		}
	})
}

func TestTooSlowEndsInOrderWithItsReason(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		s := newServer(t, kind, stream.Config{}, script{items: numbered(1), last: func() error { return fmt.Errorf("ring: %w", stream.ErrTooSlow) }})
		body, err := io.ReadAll(s.get(transport, nil).Body)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(body), "data: 0\n\n: too slow\n\n"), "%q", body)
		sum := s.summary()
		require.NoError(t, sum.Err)
		require.Equal(t, stream.EndSlow, sum.End)
	})
}

func TestQuietStreamHasHeartbeatsAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		s := newServer(t, kind, stream.Config{HeartbeatTime: 50 * time.Millisecond}, script{})
		body := bufio.NewReader(s.get(transport, nil).Body)
		for beats := 0; beats < 3; {
			line, err := body.ReadString('\n')
			require.NoError(t, err)
			if line == ": \n" {
				beats++
			}
		}
		s.kit.Close()
		_, err := io.Copy(io.Discard, body)
		require.NoError(t, err, "an orderly end")
		sum := s.summary()
		require.NoError(t, sum.Err)
		require.Equal(t, stream.EndClosed, sum.End)
		late := s.get(transport, nil)
		_, err = io.Copy(io.Discard, late.Body)
		require.NoError(t, err, "one that begins while the server ends is ended")
	})
}

func TestStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		ends := make(chan func(), 1)
		forgotten := make(chan struct{})
		s := newServer(t, kind, stream.Config{}, script{items: numbered(1)})
		s.options.OnEnd = func(end func()) func() {
			ends <- end
			return func() { close(forgotten) }
		}
		resp := s.get(transport, nil)
		end := <-ends
		end()
		end() // end may be called twice
		_, err := io.Copy(io.Discard, resp.Body)
		require.NoError(t, err, "an orderly end")
		<-forgotten
		require.Equal(t, stream.EndClosed, s.summary().End)
	})
}

func TestStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		s := newServer(t, kind, stream.Config{PerCaller: 1}, script{items: numbered(1)})
		resp := s.get(transport, nil)
		require.Equal(t, http.StatusTooManyRequests, s.get(transport, nil).StatusCode)
		require.NoError(t, resp.Body.Close())
		sum := s.summary()
		require.NoError(t, sum.Err)
		require.Equal(t, stream.EndClient, sum.End)
		again := s.get(transport, nil)
		require.Equal(t, http.StatusOK, again.StatusCode, "its place is free")
	})
}

func TestCapsOfOneCallerAndOfAll(t *testing.T) {
	t.Parallel()
	s := newServer(t, "source", stream.Config{PerCaller: 2, Total: 3}, script{})
	for _, step := range []struct {
		caller string
		status int
	}{{"a", 200}, {"a", 200}, {"a", 429}, {"b", 200}, {"b", 429}, {"c", 429}} {
		s.options.Caller = step.caller
		require.Equal(t, step.status, s.get("HTTP/1.1", nil).StatusCode, step.caller)
	}
	require.Equal(t, http.StatusNotAcceptable, s.get("HTTP/1.1", http.Header{"Accept": {"application/json"}}).StatusCode)
}

// A stream whose client reads nothing is closed, together with its source, when a write has waited for StallTime.
func TestClientThatReadsNothingIsClosed(t *testing.T) {
	t.Parallel()
	everyWay(t, func(t *testing.T, kind, transport string) {
		t.Helper()
		items := make([]stream.Item, 400) // more than any socket buffer holds
		for i := range items {
			items[i].Data = make([]byte, 100_000)
		}
		s := newServer(t, kind, stream.Config{StallTime: 2 * time.Second}, script{items: items})
		s.get(transport, nil)
		sum := s.summary()
		require.Less(t, sum.Items, int64(400))
		require.Equal(t, stream.EndSlow, sum.End)
	})
}

// Items sent during a write go out together in the next one, and a slow client makes Send wait.
func TestSendWaitsForTheClientWithinItsBuffer(t *testing.T) {
	t.Parallel()
	kit := stream.New(stream.Config{})
	defer kit.Close()
	sent := make(chan int, 10_000)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = kit.Serve(w, r, stream.Options{Buffer: 1, Formats: []stream.Format{stream.Text}}, func(_ context.Context, out *stream.Writer) error {
			for n := range 10_000 {
				if err := out.Append(make([]byte, 10_000), 1); err != nil {
					return err
				}
				sent <- n
			}
			return nil
		})
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	first := <-sent
	require.Zero(t, first)
	total := int64(0)
	buf := make([]byte, 1<<20)
	for {
		n, err := resp.Body.Read(buf)
		total += int64(n)
		if err != nil {
			require.ErrorIs(t, err, io.EOF)
			break
		}
		require.Less(t, int64(len(sent))*10_000-total, int64(32<<20), "the source runs ahead of its client")
	}
	require.Equal(t, int64(100_000_000), total)
}

func TestWriterServesSeveralGoroutines(t *testing.T) {
	t.Parallel()
	kit := stream.New(stream.Config{})
	defer kit.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = kit.Serve(w, r, stream.Options{Formats: []stream.Format{stream.NDJSON}}, func(_ context.Context, out *stream.Writer) error {
			failed := make(chan error, 8)
			for g := range 8 {
				go func() {
					for n := range 1000 {
						if err := out.Send(stream.Item{Data: fmt.Appendf(nil, "[%d,%d]", g, n)}); err != nil {
							failed <- err
							return
						}
					}
					failed <- nil
				}()
			}
			for range 8 {
				if err := <-failed; err != nil {
					return err
				}
			}
			return nil
		})
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	next := [8]int{}
	lines := 0
	for scan := bufio.NewScanner(resp.Body); scan.Scan(); lines++ {
		var g, n int
		_, err := fmt.Sscanf(scan.Text(), "[%d,%d]", &g, &n)
		require.NoError(t, err, scan.Text())
		require.Equal(t, next[g], n, "in its order")
		next[g]++
	}
	require.Equal(t, 8000, lines)
}
