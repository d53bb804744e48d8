package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// TestForgedTokensAreRefused verifies many inputs, a million with WHARF_TEST_LONG=1, each with both formats and as several
// kinds. The inputs are derived from genuine tokens with a fixed seed, so that a failure can be reproduced.
func TestForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	inputs := 20_000
	if os.Getenv("WHARF_TEST_LONG") != "" {
		inputs = 1_000_000
	}
	f := forger{rand: rand.New(rand.NewPCG(1, 2))} //nolint:gosec // reproducible, not secret
	genuine := map[string]bool{}
	var all []Maker
	for _, build := range makers {
		m, err := build(keysOf(t, "a:"+secretA+",b:"+secretB))
		require.NoError(t, err)
		all = append(all, m)
		for _, kind := range kinds {
			s, err := m.Create(payload(kind))
			require.NoError(t, err)
			p, err := m.Verify(s, kind)
			require.NoError(t, err, "what the forgeries are made from is good")
			require.Equal(t, kind, p.Kind)
			f.tokens = append(f.tokens, s)
			genuine[s] = true
		}
	}
	accepted := 0
	for range inputs {
		s := f.forge()
		for genuine[s] {
			s = f.forge()
		}
		for _, m := range all {
			for _, kind := range kinds {
				if _, err := m.Verify(s, kind); err == nil {
					accepted++
					t.Errorf("accepted as %s: %q", kind, s)
				}
			}
		}
	}
	t.Logf("seen: %d of %d accepted, 0 panics", accepted, inputs)
}

// forger makes forged tokens.
type forger struct {
	rand   *rand.Rand
	tokens []string
}

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// forge changes a genuine token once or a few times.
func (f *forger) forge() string {
	s := pick(f.rand, f.tokens)
	for range 1 + f.rand.IntN(3) {
		s = pick(f.rand, []func(string) string{f.oneByte, f.cut, f.mix, f.reheaded, f.reclaimed, f.resigned})(s)
	}
	return s
}

const tokenBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// oneByte changes, adds or removes a byte. New bytes are mostly characters of tokens.
func (f *forger) oneByte(s string) string {
	if s == "" {
		return "."
	}
	i, b := f.rand.IntN(len(s)), string(tokenBytes[f.rand.IntN(len(tokenBytes))])
	if f.rand.IntN(8) == 0 {
		b = string([]byte{byte(f.rand.IntN(256))})
	}
	return s[:i] + pick(f.rand, []string{b, b + s[i:i+1], ""}) + s[i+1:]
}

func (f *forger) cut(s string) string {
	from := f.rand.IntN(len(s) + 1)
	return pick(f.rand, []string{s[from:], s[:from], s + s[from:]})
}

// mix replaces a part of a token by a part of another.
func (f *forger) mix(s string) string {
	parts, other := strings.Split(s, "."), strings.Split(pick(f.rand, f.tokens), ".")
	parts[f.rand.IntN(len(parts))] = pick(f.rand, other)
	return strings.Join(parts, ".")
}

// reheaded replaces the header of a JWT.
func (f *forger) reheaded(s string) string {
	alg := pick(f.rand, []string{"none", "None", "HS256", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", ""})
	kid := pick(f.rand, []string{"a", "b", "c", "", "../../dev/null", "a' OR '1'='1"})
	extra := pick(f.rand, []string{"", `,"jku":"https://evil.example/k"`, `,"crit":["exp"]`, `,"alg":"none"`, `,"b64":false`, `,"zip":"DEF"`})
	parts := strings.Split(s, ".")
	parts[0] = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":%q,"typ":"JWT","kid":%q%s}`, alg, kid, extra))
	if f.rand.IntN(4) == 0 {
		parts[len(parts)-1] = ""
	}
	return strings.Join(parts, ".")
}

// reclaimed changes the claims of a JWT and keeps its signature.
func (f *forger) reclaimed(s string) string {
	parts := strings.Split(s, ".")
	if len(parts) < 2 {
		return s
	}
	var claims map[string]any
	text, _ := base64.RawURLEncoding.DecodeString(parts[1])
	if json.Unmarshal(text, &claims) != nil {
		return s
	}
	claims[pick(f.rand, []string{"kind", "exp", "sub", "sid", "username", "jti", "admin"})] = pick(f.rand, []any{"access", "refresh", int64(40_000_000_000), "root", nil, true, f.rand.Float64()})
	text, err := json.Marshal(claims)
	if err != nil {
		return s
	}
	parts[1] = base64.RawURLEncoding.EncodeToString(text)
	return strings.Join(parts, ".")
}

// resigned signs a JWT with a wrong key; one of them is the key that the right keys are derived from.
func (f *forger) resigned(s string) string {
	parts := strings.Split(s, ".")
	if len(parts) < 2 {
		return s
	}
	text := parts[0] + "." + parts[1]
	sig, err := jwt.SigningMethodHS256.Sign(text, []byte(pick(f.rand, []string{secretA, secretB, "", "secret", "a", parts[0]})))
	if err != nil {
		return s
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(sig)
}
