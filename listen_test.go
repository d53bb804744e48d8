package main_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConnectionsBeyondTheBoundWaitForAPlace(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "MAX_CONNS=2")
	p.awaitReady()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	var held []net.Conn
	for range 2 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		require.NoError(t, err)
		held = append(held, conn)
	}
	answered := make(chan int, 1)
	go func() { answered <- p.healthz() }()
	require.Never(t, func() bool { return len(answered) > 0 }, 200e6, 10e6, "both places are taken")
	for _, conn := range held {
		require.NoError(t, conn.Close())
	}
	require.Equal(t, http.StatusOK, <-answered)
}
