package main

import (
	"fmt"
	"io"
	"net"
	"time"
)

// listen PORT accepts connections and discards what it receives.
func listen(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("want a port")
	}
	l, err := net.Listen("tcp", ":"+args[0])
	if err != nil {
		return err
	}
	fmt.Println("listening on", l.Addr())
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}

// send ADDR BYTES sends that many bytes to a listen, which it tries to reach for 10 s, and then waits, so that the counters of
// both containers don't change any more.
func send(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want an address and a size")
	}
	n, err := size(args[1:])
	if err != nil {
		return err
	}
	conn, err := dial(args[0], time.Now().Add(10*time.Second))
	if err != nil {
		return err
	}
	if _, err := io.CopyN(conn, zeros{}, n); err != nil {
		return err
	}
	if err := conn.Close(); err != nil {
		return err
	}
	fmt.Println("sent", n)
	return wait()
}

func dial(addr string, until time.Time) (net.Conn, error) {
	for {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil || time.Now().After(until) {
			return conn, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
