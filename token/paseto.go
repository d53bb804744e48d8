package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/o1egl/paseto"
)

type pasetoMaker struct {
	keys ring
	v2   *paseto.V2
}

// NewPASETO returns a Maker of PASETO v2.local tokens, which are encrypted. With several keys the footer names the key.
// Errors: keys is empty.
func NewPASETO(keys Keys) (Maker, error) {
	r, err := newRing(keys, "paseto")
	if err != nil {
		return nil, err
	}
	return &pasetoMaker{keys: r, v2: paseto.NewV2()}, nil
}

func (m *pasetoMaker) Create(p Payload) (string, error) {
	c, err := newClaims(p)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("token: encode: %w", err)
	}
	signing, id := m.keys.signing(p.Kind)
	sealed, err := m.v2.Encrypt(signing.secret, body, id) // with an empty id, the token has no footer
	if err != nil {
		return "", fmt.Errorf("token: encrypt: %w", err)
	}
	return sealed, nil
}

func (m *pasetoMaker) Verify(token string, want Kind) (Payload, error) {
	id, ok := footerOf(token)
	if !ok {
		return Payload{}, ErrInvalid
	}
	for _, k := range m.keys.candidates(want, id) {
		var body []byte
		if err := m.v2.Decrypt(token, k.secret, &body, nil); err != nil {
			continue
		}
		var c claims
		if err := json.Unmarshal(body, &c); err != nil {
			return Payload{}, ErrInvalid
		}
		// The library doesn't check times.
		return c.payload(want, time.Now())
	}
	return Payload{}, ErrInvalid
}

// footerOf returns a token's footer, and reports whether the token has the strict encoding that wharf uses: the library's
// decoder also accepts other encodings of the same bytes.
func footerOf(token string) (footer string, ok bool) {
	body, found := strings.CutPrefix(token, "v2.local.")
	if !found || !plain(token) {
		return "", false
	}
	body, encoded, hasFooter := strings.Cut(body, ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil || hasFooter != (len(text) > 0) {
		return "", false
	}
	_, err = base64.RawURLEncoding.Strict().DecodeString(body)
	return string(text), err == nil
}
