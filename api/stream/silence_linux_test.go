package stream

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// capturing is a listener that passes on the server's end of each connection.
type capturing struct {
	net.Listener
	accepted chan *net.TCPConn
}

func (l capturing) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.accepted <- conn.(*net.TCPConn)
	}
	return conn, err
}

// A client that lost its network or its power sends nothing more: the system closes its connection, with or without TLS, when sent
// bytes stay unacknowledged for silenceLimit.
func TestVanishedClientsConnectionIsLimited(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*httptest.Server){"plain": (*httptest.Server).Start, "TLS": (*httptest.Server).StartTLS} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kit := New(Config{})
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = kit.Serve(w, r, Options{}, func(ctx context.Context, _ *Writer) error {
					<-ctx.Done()
					return ctx.Err()
				})
			}))
			accepted := make(chan *net.TCPConn, 1)
			server.Listener = capturing{server.Listener, accepted}
			start(server)
			defer server.Close()
			defer kit.Close()
			resp, err := server.Client().Get(server.URL)
			require.NoError(t, err)
			defer resp.Body.Close()
			raw, err := (<-accepted).SyscallConn()
			require.NoError(t, err)
			var limit int
			var failed error
			require.NoError(t, raw.Control(func(fd uintptr) {
				limit, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) //nolint:gosec // a file descriptor
			}))
			require.NoError(t, failed)
			require.Equal(t, int(silenceLimit.Milliseconds()), limit)
		})
	}
}
