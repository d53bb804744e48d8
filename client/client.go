// Package client is wharf's own client of its HTTP API: a method for each operation (operations.go, which
// `make spec` generates) with the server's own shapes. It logs in and renews its access token by itself, tries
// again what may be tried again, and follows streams through breaks.
package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wharf/api/dto"
)

// Options say where a Client gets its credentials. All may be empty, for operations that need none.
type Options struct {
	// Token is an API key, or an access token, that is sent with every request. Nothing is renewed then.
	Token string
	// Username and Password begin a session when one is needed, and again when it has ended.
	Username, Password string
	// Transport makes the requests. Default http.DefaultTransport.
	Transport http.RoundTripper
	// Tries is how often a request is made that may be tried again. Default 3.
	Tries int
	// Pause is how long to wait before the second try; it doubles with each. Default 200 ms.
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
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // wharf has none
	return c
}

// SignIn begins a session, whose tokens the client uses and renews from now on. Its own Username and
// Password, if it has some, stay what it logs in with when the session has ended.
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

// WithHeader adds a header to the requests that are made with the context, such as X-Setup-Token. With an
// Idempotency-Key an operation runs once, however often it is tried: then it is tried again.
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
