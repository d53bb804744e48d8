package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type jwtMaker struct {
	keys   ring
	parser *jwt.Parser
}

// NewJWT returns a Maker of JWTs signed with HS256. Their header is {"alg":"HS256","typ":"JWT"}, with several keys also a kid.
// Errors: keys is empty.
func NewJWT(keys Keys) (Maker, error) {
	r, err := newRing(keys, "jwt")
	if err != nil {
		return nil, err
	}
	// claims.go checks the claims, by the same rules for both formats.
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithoutClaimsValidation(), jwt.WithStrictDecoding())
	return &jwtMaker{keys: r, parser: parser}, nil
}

// jwtClaims implements the library's interface for claims. The library's validation is disabled.
type jwtClaims struct {
	claims
	jwt.RegisteredClaims `json:"-"`
}

func (m *jwtMaker) Create(p Payload) (string, error) {
	c, err := newClaims(p)
	if err != nil {
		return "", err
	}
	signing, id := m.keys.signing(p.Kind)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwtClaims{claims: c})
	if id != "" {
		t.Header["kid"] = id
	}
	signed, err := t.SignedString(signing.secret)
	if err != nil {
		return "", fmt.Errorf("token: sign: %w", err)
	}
	return signed, nil
}

func (m *jwtMaker) Verify(token string, want Kind) (Payload, error) {
	if !plain(token) {
		return Payload{}, ErrInvalid
	}
	var c jwtClaims
	_, err := m.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		return m.verificationKeys(t, want)
	})
	if err != nil {
		return Payload{}, ErrInvalid
	}
	return c.payload(want, time.Now())
}

// verificationKeys returns the keys for a token by its kid. It ignores other headers: a token can't supply or refer to its
// key (jku, x5u, jwk).
func (m *jwtMaker) verificationKeys(t *jwt.Token, want Kind) (any, error) {
	var id string
	if raw, ok := t.Header["kid"]; ok {
		if id, ok = raw.(string); !ok || id == "" {
			return nil, errors.New("kid is no name")
		}
	}
	candidates := m.keys.candidates(want, id)
	if len(candidates) == 0 {
		return nil, errors.New("kid is unknown")
	}
	var set jwt.VerificationKeySet
	for _, k := range candidates {
		set.Keys = append(set.Keys, k.secret)
	}
	return set, nil
}
