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
	// APIKey is sent with every request. Nothing is renewed then.
	APIKey string
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

type keyOfIdempotency struct{}

// WithIdempotencyKey has the operations that are called with the context run once, however often they are
// tried: it makes them safe to try again.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfIdempotency{}, key)
}

// segment escapes a parameter of a path.
func segment(s string) string { return url.PathEscape(s) }
