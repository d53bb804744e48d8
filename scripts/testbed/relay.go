package main

import (
	"io"
	"net"
)

// acceptAll serves each connection in its own goroutine, until the listener is closed.
func acceptAll(l net.Listener, serve func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go serve(conn)
	}
}

// exchange copies in both directions until both have ended. in reads from the client, and may hold bytes that were read already. The
// end of one direction closes only that direction of the other connection: attached containers depend on it.
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
