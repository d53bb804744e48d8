// Package client is a Go client of wharf's HTTP API.
//
// Job. A Client has a method for each operation (operations.go, which `make spec` generates), with the server's own types. It logs in
// and renews its access token automatically, retries requests that are safe to repeat, and resumes streams after a broken connection.
//
// Owner. A Client belongs to its caller, and needs no Close: it runs no goroutines, and its connections are those of its Transport. A
// Terminal is closed by Run, or must be closed.
//
// Limits. An answer has at most 64 MiB, a line of a stream 4 MiB, a message of a terminal 2 MiB. A request is tried Options.Tries times, a
// stream until its context ends.
package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wharf/api/dto"
)

// Options are a Client's credentials and retries. For operations that need no credentials all may be empty.
type Options struct {
	// Token is an API key or an access token to send with every request. It isn't renewed.
	Token string
	// Username and Password begin a session when one is needed, and a new one after it has ended.
	Username, Password string
	// Transport makes the requests. Default http.DefaultTransport.
	Transport http.RoundTripper
	// Tries is the maximum number of tries of a repeatable request. Default 3.
	Tries int
	// Pause is the wait before the second try; it doubles with each further one. Default 200 ms.
	Pause time.Duration
}

// Client calls one server. It is safe for concurrent use.
type Client struct {
	base  string
	http  http.Client
	o     Options
	login session
}

// New returns a client of the server at base, such as http://localhost:9083.
func New(base string, o Options) *Client {
	if o.Tries == 0 {
		o.Tries = 3
	}
	if o.Pause == 0 {
		o.Pause = 200 * time.Millisecond
	}
	c := &Client{base: strings.TrimSuffix(base, "/"), o: o, login: session{turn: make(chan struct{}, 1)}}
	c.http.Transport = o.Transport
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // wharf sends no redirects
	return c
}

// SignIn begins a session, whose tokens the client uses and renews from then on. After the session has ended, the client logs in
// with the Username and Password of its Options, if they are set.
func (c *Client) SignIn(ctx context.Context, username, password string) error {
	l, err := c.Login(ctx, dto.Credentials{Username: username, Password: dto.Password(password)})
	if err != nil {
		return err
	}
	c.login.set(l)
	return nil
}

// SignOut ends the client's session, if it has one.
func (c *Client) SignOut(ctx context.Context) error {
	refresh := c.login.refreshToken()
	if refresh == "" {
		return nil
	}
	c.login.set(dto.Login{})
	return c.Logout(ctx, dto.RefreshToken{RefreshToken: refresh})
}

type headerKey struct{}

// WithHeader returns a context whose requests carry a header, such as X-Setup-Token. With an Idempotency-Key the server runs an
// operation once however often it is sent, so such requests are retried.
func WithHeader(ctx context.Context, name, value string) context.Context {
	headers, _ := ctx.Value(headerKey{}).(http.Header)
	headers = headers.Clone()
	if headers == nil {
		headers = http.Header{}
	}
	headers.Set(name, value)
	return context.WithValue(ctx, headerKey{}, headers)
}

// segment escapes a parameter of a path.
func segment(s string) string { return url.PathEscape(s) }
