package client

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"wharf/api/dto"
)

// renewAhead is how long before its expiry an access token is renewed.
const renewAhead = 5 * time.Second

// session holds the tokens of a login. When several callers need a new token, one of them renews it and the others wait and use
// the result.
type session struct {
	turn chan struct{} // holds a value while a caller logs in or renews

	mu              sync.Mutex
	access, refresh string
	accessEnds      time.Time
}

func (s *session) set(l dto.Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access, s.accessEnds, s.refresh = l.AccessToken, l.AccessTokenExpiresAt, l.RefreshToken
}

func (s *session) renewed(r dto.Renewal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access, s.accessEnds = r.AccessToken, r.AccessTokenExpiresAt
	if r.RefreshToken != "" {
		s.refresh = r.RefreshToken
	}
}

func (s *session) refreshToken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh
}

// valid returns the access token, if it isn't the refused one and doesn't expire soon.
func (s *session) valid(refused string) (token string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.access, s.access != "" && s.access != refused && time.Until(s.accessEnds) > renewAhead
}

// token returns the bearer token to send, "" for none. refused is a token that the server has answered with 401; it isn't returned
// again.
func (c *Client) token(ctx context.Context, refused string) (string, error) {
	if c.o.Token != "" {
		return c.o.Token, nil
	}
	if token, ok := c.login.valid(refused); ok {
		return token, nil
	}
	if c.o.Username == "" && c.login.refreshToken() == "" {
		return "", nil
	}
	select {
	case c.login.turn <- struct{}{}:
		defer func() { <-c.login.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if token, ok := c.login.valid(refused); ok { // another caller has renewed it meanwhile
		return token, nil
	}
	if err := c.renew(ctx); err != nil {
		return "", err
	}
	c.login.mu.Lock()
	defer c.login.mu.Unlock()
	return c.login.access, nil
}

// renew gets a new access token for the session, or begins a new session if it has ended.
func (c *Client) renew(ctx context.Context) error {
	if refresh := c.login.refreshToken(); refresh != "" {
		r, err := c.RenewAccess(ctx, dto.RefreshToken{RefreshToken: refresh})
		if err == nil {
			c.login.renewed(r)
			return nil
		}
		if e := (*Error)(nil); !errors.As(err, &e) || e.Status != http.StatusUnauthorized || c.o.Username == "" {
			return err
		}
	}
	return c.SignIn(ctx, c.o.Username, c.o.Password)
}
