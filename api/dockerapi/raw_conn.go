package dockerapi

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"wharf/dockerx"
	"wharf/util/apperr"
)

// takeOver connects the client with the connection that the engine has handed over: attach, exec, the session of a build.
func (p *passage) takeOver(ctx context.Context, answer dockerx.RawAnswer) error {
	engine, ok := answer.Body.(io.ReadWriteCloser)
	if !ok {
		return apperr.New(apperr.Daemon, "the engine gave no connection")
	}
	client, buffered, err := p.control.Hijack()
	if err != nil {
		return apperr.Wrap(apperr.Invalid, err, "this connection can't be taken over: use HTTP/1.1")
	}
	defer client.Close()
	_ = client.SetDeadline(time.Time{})
	end := func() {
		_ = client.Close()
		_ = engine.Close()
	}
	defer context.AfterFunc(ctx, end)()
	to := &stallWriter{client, p.stall}
	if _, err := to.Write(switchingHead(answer.Header)); err != nil {
		return nil // the client is gone
	}
	// Each direction ends separately: a process's input ends before its output. An error ends both.
	var both sync.WaitGroup
	// Read from the connection, not through the server's reader, which treats a half-closed connection as a gone client.
	input := io.MultiReader(io.LimitReader(buffered, int64(buffered.Reader.Buffered())), client)
	both.Go(func() { carry(end, engine, input) })
	both.Go(func() { carry(end, to, engine) })
	both.Wait()
	return nil
}

// carry copies one direction of a connection, and closes that direction at its end.
func carry(end func(), to io.Writer, from io.Reader) {
	if _, err := io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 32<<10)); err != nil {
		end()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		return
	}
	end()
}

// switchingHead returns the head of the answer with which the client gets the connection.
func switchingHead(from http.Header) []byte {
	h := pick(from, answerHeaders)
	h.Set("Connection", "Upgrade")
	h.Set("Upgrade", from.Get("Upgrade"))
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 101 UPGRADED\r\n")
	_ = h.Write(&b)
	b.WriteString("\r\n")
	return b.Bytes()
}

// stallWriter gives each write to the client its own deadline.
type stallWriter struct {
	net.Conn
	stall time.Duration
}

// Write implements io.Writer.
func (w *stallWriter) Write(p []byte) (int, error) {
	_ = w.SetWriteDeadline(time.Now().Add(w.stall))
	return w.Conn.Write(p)
}

// CloseWrite closes the connection for writing, if it supports that.
func (w *stallWriter) CloseWrite() error {
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return http.ErrNotSupported
}
