package main

import (
	"context"
	"fmt"
	"net"
	"sync"
)

// listen opens LISTEN_ADDR for at most MAX_CONNS connections at once; more connections wait.
func (w *wharf) listen(ctx context.Context) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.cfg.ListenAddr)
	if err != nil {
		return nil, fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	return limitListener(listener, maxConns(w.cfg.MaxConns, descriptorLimit())), nil
}

// maxConns returns the limit of accepted connections: the setting, but at most what leaves a quarter of the descriptors, and
// at least 64, for the engines, the database and files. A setting of zero means as many as that allows, up to 10,000.
func maxConns(asked, descriptors int) int {
	room := max(descriptors-max(descriptors/4, 64), 16)
	if asked == 0 {
		asked = 10_000
	}
	return min(asked, room)
}

// boundedListener accepts a connection only after it has taken a place for it.
type boundedListener struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once
}

// limitListener limits how many connections of a TCP listener are open at once.
func limitListener(l net.Listener, most int) net.Listener {
	return &boundedListener{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept waits for a free place, then for a connection. Close ends both waits.
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
	_ = tcp.SetWriteBuffer(writeBuffer) // the kernel's default is some MiB: a stalled client would be noticed late
	return &countedConn{TCPConn: tcp, leave: sync.OnceFunc(func() { <-l.places })}, nil
}

// Close closes the listener. Accepted connections stay open.
func (l *boundedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// writeBuffer is the size in bytes of a connection's send buffer in the kernel; Linux doubles it.
const writeBuffer = 128 << 10

// countedConn frees its place when it is closed. It embeds a *net.TCPConn because streams write past net/http.
type countedConn struct {
	*net.TCPConn
	leave func()
}

// Close closes the connection and frees its place.
func (c *countedConn) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}
