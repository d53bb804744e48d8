package main

import (
	"io"
	"net"
)

// acceptAll serves each connection in a goroutine of its own, until the listener is closed.
func acceptAll(l net.Listener, serve func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

// exchange copies both ways until both have ended; in reads from the client, and may hold what was read already. The
// end of one direction is passed on as such: attached containers need it.
func exchange(client net.Conn, in io.Reader, server net.Conn) {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(server, in)
		if half, ok := server.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		close(ended)
	}()
	_, _ = io.Copy(client, server)
	if half, ok := client.(interface{ CloseRead() error }); ok {
		_ = half.CloseRead() // the server has ended: nothing reads what the client still sends
	}
	<-ended
}
