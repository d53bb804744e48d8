package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// httpServer limits slow callers, but sets no WriteTimeout, which would cut off streams: package api sets a deadline for each
// write.
func (w *wharf) httpServer() (*http.Server, error) {
	server := &http.Server{
		Handler:           w.api,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          stdlog.New(w.log, "", 0),
		// Bounds for a connection whose client stops reading: how much it holds, and for how long.
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100, MaxReadFrameSize: 16 << 10, MaxReceiveBufferPerConnection: 256 << 10,
			MaxReceiveBufferPerStream: 64 << 10, WriteByteTimeout: 10 * time.Second,
			SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second, // a client that vanished sends nothing
		},
	}
	if w.cfg.TLSCertFile == "" {
		return server, nil
	}
	pair := &certificate{certFile: w.cfg.TLSCertFile, keyFile: w.cfg.TLSKeyFile}
	if _, err := pair.get(nil); err != nil {
		return nil, fmt.Errorf("TLS_CERT_FILE, TLS_KEY_FILE: %w", err)
	}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get}
	return server, nil
}

// serveHTTP serves until the server is shut down, with TLS if a certificate is configured.
func serveHTTP(server *http.Server, listener net.Listener) error {
	serve := server.Serve
	if server.TLSConfig != nil {
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}

// certificate is a certificate and its key, loaded from two files again when the certificate's file changes.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	changed time.Time
	pair    *tls.Certificate
}

// get returns the current certificate. If the files can't be loaded, such as while they are being replaced, it keeps the last
// one that could.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.certFile)
	if err == nil && c.pair != nil && info.ModTime().Equal(c.changed) {
		return c.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.pair, c.changed = &pair, info.ModTime()
		}
	}
	if c.pair == nil {
		return nil, err
	}
	return c.pair, nil
}
