package main

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// listen opens LISTEN_ADDR for at most MAX_CONNS connections at once; further ones wait.
func (w *wharf) listen(ctx context.Context) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.cfg.ListenAddr)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	return limitListener(listener, maxConns(w.cfg.MaxConns, descriptorLimit())), nil
}

// maxConns is the bound on accepted connections: what the setting asks for, but no more than leaves a quarter of
// the descriptors, 64 at least, to the engines, the database and files. Zero asks for as many as that allows, 10,000 at most.
func maxConns(asked, descriptors int) int {
	room := max(descriptors-max(descriptors/4, 64), 16)
	if asked == 0 {
		asked = 10_000
	}
	return min(asked, room)
}

// boundedListener accepts a connection only when it holds one of its places.
type boundedListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

// limitListener bounds the connections of a TCP listener that are open at once.
func limitListener(l net.Listener, most int) net.Listener {
	return &boundedListener{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits for a place and a connection. Closing the listener ends the wait.
func (l *boundedListener) Accept() (net.Conn, error) {
	select {
	case l.places <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn, nil
	}
	_ = tcp.SetWriteBuffer(writeBuffer) // else some MiB of the kernel's, and a stalled client shows late
	return &countedConn{TCPConn: tcp, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close closes the listener; connections that it accepted stay open.
func (l *boundedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// writeBuffer is how many bytes of answers the kernel keeps for a client; Linux takes twice as many.
const writeBuffer = 128 << 10

// countedConn gives its place back when it is closed. It is a whole TCP connection, since streams write past net/http.
type countedConn struct {
	*net.TCPConn
	leave func()
}

// Close closes the connection.
func (c *countedConn) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
