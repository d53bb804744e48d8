package channels

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pieces is a connection that records each Write.
type pieces struct {
	io.ReadWriteCloser
	sent [][]byte
	err  error
}

func (p *pieces) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	p.sent = append(p.sent, bytes.Clone(b))
	return len(b), nil
}

func TestMessageGoesOutInOnePiece(t *testing.T) {
	to := &pieces{}
	w := &Wire{ReadWriteCloser: to}
	write := func(parts ...string) func() error {
		return func() error {
			for _, part := range parts {
				n, err := w.Write([]byte(part))
				require.NoError(t, err)
				require.Equal(t, len(part), n)
			}
			return nil
		}
	}
	require.NoError(t, w.Message(write("head", "body", "end")))
	require.NoError(t, write("a ping")())
	require.NoError(t, w.Message(write()))
	require.Equal(t, [][]byte{[]byte("headbodyend"), []byte("a ping")}, to.sent, "outside of messages nothing is held")

	to.sent = nil
	large := string(bytes.Repeat([]byte("x"), 3*maxPiece))
	require.NoError(t, w.Message(write("head", large, "end")))
	require.Equal(t, "head"+large+"end", string(bytes.Join(to.sent, nil)))

	to.err = errors.New("gone")
	require.ErrorIs(t, w.Message(write("held")), to.err)
	require.ErrorIs(t, w.Message(func() error { return io.ErrClosedPipe }), io.ErrClosedPipe)
}

// echo is a process whose output is its input.
type echo struct {
	Process
	conn *Conn
	out  *Writer
}

func (e *echo) Input(p []byte) error {
	_, err := e.out.Write(p)
	return err
}

func (e *echo) CloseInput() error {
	go e.conn.End(Exited(0))
	return nil
}

// serveEcho serves connections that echo everything they receive.
func serveEcho(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r); err == nil {
			c.Serve(&echo{conn: c, out: c.Writer(Stdout)}, func() {})
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// A client may send its first messages with the request: net/http has already read them when the connection is upgraded.
func TestMessagesThatComeWithTheRequestAreRead(t *testing.T) {
	s := serveEcho(t)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	frame := []byte{0x82, 0x86, 0, 0, 0, 0, Stdin, 'e', 'a', 'r', 'l', 'y'} // masked with zeros
	_, err = conn.Write(append([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: "+Protocol+"\r\n\r\n"), frame...))
	require.NoError(t, err)
	var got []byte
	for !bytes.HasSuffix(got, []byte("early")) {
		b := make([]byte, 1024)
		n, err := conn.Read(b)
		require.NoError(t, err, "%q", got)
		got = append(got, b[:n]...)
	}
	require.Contains(t, string(got), "101 Switching Protocols")
}

func TestMessagesOfEverySizeComeBack(t *testing.T) {
	s := serveEcho(t)
	conn, _, err := websocket.Dial(t.Context(), s.URL, &websocket.DialOptions{Subprotocols: []string{Protocol}})
	require.NoError(t, err)
	conn.SetReadLimit(maxMessage)
	for _, size := range []int{0, 1, 58, 59, 60, 61, 62, 63, 64, 65, 124, 125, 126, 127, 128, 4094, 4095, 4096, 4097, 65533, 65534, 65535, 65536, maxMessage - 1} {
		sent := append([]byte{Stdin}, bytes.Repeat([]byte{byte(size)}, size)...)
		require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, sent))
		_, back, err := conn.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, append([]byte{Stdout}, sent[1:]...), back, "%d bytes", size)
	}
	require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, []byte{Close, Stdin}))
	_, status, err := conn.Read(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"status":"Success"}`, string(status[1:]))
	_, _, err = conn.Read(t.Context())
	require.Equal(t, websocket.StatusNormalClosure, websocket.CloseStatus(err))
}
