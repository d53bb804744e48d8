package token

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/o1egl/paseto"
	"github.com/stretchr/testify/require"
)

const (
	secretA = "pLx3vT9qWz7Rk2Nf8Yb5Hc1Jd6Mg4SaE"
	secretB = "u0QiVwCtX4eZ1rGsA8yKjPnB3lHfD7mO"
)

func keysOf(t testing.TB, setting string) Keys {
	t.Helper()
	keys, err := ParseKeys(setting)
	require.NoError(t, err)
	return keys
}

var makers = map[string]func(Keys) (Maker, error){"jwt": NewJWT, "paseto": NewPASETO}

// eachMaker runs a test of the conformance suite with each format, with and without Cached.
func eachMaker(t *testing.T, test func(t *testing.T, m Maker)) {
	t.Helper()
	for format, build := range makers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			m, err := build(keysOf(t, "a:"+secretA))
			require.NoError(t, err)
			test(t, m)
			test(t, Cached(m))
		})
	}
}

func payload(kind Kind) Payload {
	now := time.Now().UTC().Truncate(time.Second)
	return Payload{
		ID: uuid.New(), SessionID: uuid.New(), UserID: uuid.New(), Username: "gildong",
		Kind: kind, IssuedAt: now, ExpiresAt: now.Add(time.Minute),
	}
}

func TestTokenComesBackAsItWasMade(t *testing.T) {
	t.Parallel()
	eachMaker(t, func(t *testing.T, m Maker) {
		for _, kind := range kinds {
			p := payload(kind)
			made, err := m.Create(p)
			require.NoError(t, err)
			for range 2 {
				got, err := m.Verify(made, kind)
				require.NoError(t, err)
				require.Equal(t, p, got)
			}
		}
	})
}

func TestTokenOfAnotherKindIsRefused(t *testing.T) {
	t.Parallel()
	eachMaker(t, func(t *testing.T, m Maker) {
		for _, made := range kinds {
			s, err := m.Create(payload(made))
			require.NoError(t, err)
			_, err = m.Verify(s, made)
			require.NoError(t, err)
			for _, want := range append([]Kind{"", "ticket"}, kinds...) {
				if want != made {
					_, err = m.Verify(s, want)
					require.ErrorIs(t, err, ErrInvalid, "%s as %q", made, want)
				}
			}
		}
	})
}

func TestTokenExpiresAfterItsTimeAndTheLeeway(t *testing.T) {
	t.Parallel()
	for format, build := range makers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, err := build(keysOf(t, "a:"+secretA))
				require.NoError(t, err)
				s, err := m.Create(payload(Access))
				require.NoError(t, err)
				r := Cached(m)
				_, err = r.Verify(s, Access)
				require.NoError(t, err)
				<-time.After(time.Minute + leeway)
				for _, m := range []Maker{m, r} {
					_, err = m.Verify(s, Access)
					require.NoError(t, err)
				}
				<-time.After(time.Second)
				for _, m := range []Maker{m, r, r} {
					_, err = m.Verify(s, Access)
					require.ErrorIs(t, err, ErrExpired)
				}
			})
		})
	}
}

func TestTokenFromTheFutureIsRefused(t *testing.T) {
	t.Parallel()
	eachMaker(t, func(t *testing.T, m Maker) {
		p := payload(Access)
		p.IssuedAt, p.ExpiresAt = p.IssuedAt.Add(time.Hour), p.ExpiresAt.Add(time.Hour)
		s, err := m.Create(p)
		require.NoError(t, err)
		_, err = m.Verify(s, Access)
		require.ErrorIs(t, err, ErrInvalid)
	})
}

func TestChangedOrCutTokenIsRefused(t *testing.T) {
	t.Parallel()
	eachMaker(t, func(t *testing.T, m Maker) {
		s, err := m.Create(payload(Access))
		require.NoError(t, err)
		for i := range len(s) {
			cut := s[:i]
			_, err := m.Verify(cut, Access)
			require.ErrorIs(t, err, ErrInvalid, "cut to %d", i)
			changed := []byte(s)
			changed[i] ^= 1
			if bytes.EqualFold(changed[i:i+1], []byte{s[i]}) {
				continue
			}
			_, err = m.Verify(string(changed), Access)
			require.ErrorIs(t, err, ErrInvalid, "changed at %d", i)
		}
		for _, bad := range []string{"", ".", "..", "...", s + ".", s + ".e30", s + s, " " + s, s + "=", s + "\n", s[:20] + "\n" + s[20:], strings.Repeat("a", 1<<20)} {
			_, err := m.Verify(bad, Access)
			require.ErrorIs(t, err, ErrInvalid)
		}
	})
}

func TestForeignKeyIsRefused(t *testing.T) {
	t.Parallel()
	for format, build := range makers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			ours, err := build(keysOf(t, "a:"+secretA))
			require.NoError(t, err)
			for _, theirs := range []string{"a:" + secretB, "b:" + secretB, "b:" + secretB + ",a:" + secretA[:31] + "!"} {
				foreign, err := build(keysOf(t, theirs))
				require.NoError(t, err)
				s, err := foreign.Create(payload(Access))
				require.NoError(t, err)
				_, err = ours.Verify(s, Access)
				require.ErrorIs(t, err, ErrInvalid)
			}
		})
	}
}

func TestRotatedKeysAcceptTheOldAndSignWithTheNew(t *testing.T) {
	t.Parallel()
	for format, build := range makers {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			build := func(setting string) Maker {
				m, err := build(keysOf(t, setting))
				require.NoError(t, err)
				return m
			}
			before, during, after := build("k1:"+secretA), build("k2:"+secretB+",k1:"+secretA), build("k2:"+secretB)
			old, err := before.Create(payload(Access))
			require.NoError(t, err)
			fresh, err := during.Create(payload(Access))
			require.NoError(t, err)
			for _, c := range []struct {
				m    Maker
				s    string
				good bool
			}{{before, old, true}, {during, old, true}, {after, old, false}, {before, fresh, false}, {during, fresh, true}, {after, fresh, true}} {
				_, err := c.m.Verify(c.s, Access)
				require.Equal(t, c.good, err == nil)
			}
		})
	}
}

func TestIncompletePayloadIsNeitherMadeNorAccepted(t *testing.T) {
	t.Parallel()
	eachMaker(t, func(t *testing.T, m Maker) {
		for name, spoil := range map[string]func(*Payload){
			"id":      func(p *Payload) { p.ID = uuid.Nil },
			"session": func(p *Payload) { p.SessionID = uuid.Nil },
			"user":    func(p *Payload) { p.UserID = uuid.Nil },
			"name":    func(p *Payload) { p.Username = "" },
			"kind":    func(p *Payload) { p.Kind = "" },
			"issued":  func(p *Payload) { p.IssuedAt = time.Time{} },
			"expires": func(p *Payload) { p.ExpiresAt = time.Time{} },
		} {
			p := payload(Access)
			spoil(&p)
			_, err := m.Create(p)
			require.Error(t, err, name)
		}
	})
	// Create refuses such payloads, so the tokens are built here with the genuine key.
	for _, missing := range []string{"jti", "sid", "sub", "username", "kind", "iat", "exp"} {
		for format, s := range forgeGenuine(t, func(c map[string]any) { delete(c, missing) }) {
			m, err := makers[format](keysOf(t, "a:"+secretA))
			require.NoError(t, err)
			_, err = m.Verify(s, Access)
			require.ErrorIs(t, err, ErrInvalid, "%s without %s", format, missing)
		}
	}
	for format, s := range forgeGenuine(t, func(map[string]any) {}) {
		m, err := makers[format](keysOf(t, "a:"+secretA))
		require.NoError(t, err)
		_, err = m.Verify(s, Access)
		require.NoError(t, err, "the forge itself is right for %s", format)
	}
}

// forgeGenuine builds tokens with changed claims and the right key, in each format.
func forgeGenuine(t *testing.T, change func(map[string]any)) map[string]string {
	t.Helper()
	c, err := newClaims(payload(Access))
	require.NoError(t, err)
	text, err := json.Marshal(c)
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(text, &claims))
	change(claims)
	out := map[string]string{}
	for format := range makers {
		r, err := newRing(keysOf(t, "a:"+secretA), format)
		require.NoError(t, err)
		k, _ := r.signing(Access)
		if format == "jwt" {
			out[format], err = jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims)).SignedString(k.secret)
		} else {
			out[format], err = paseto.NewV2().Encrypt(k.secret, claims, "")
		}
		require.NoError(t, err)
	}
	return out
}

func TestJWTHeaderIsTheContracts(t *testing.T) {
	t.Parallel()
	header := func(setting string) string {
		m, err := NewJWT(keysOf(t, setting))
		require.NoError(t, err)
		s, err := m.Create(payload(Access))
		require.NoError(t, err)
		first, _, _ := strings.Cut(s, ".")
		text, err := base64.RawURLEncoding.DecodeString(first)
		require.NoError(t, err)
		return string(text)
	}
	contract := `{"alg":"HS256","typ":"JWT"}` // exact bytes: clients check the start of a token
	require.Equal(t, contract, header("a:"+secretA))
	require.JSONEq(t, `{"alg":"HS256","typ":"JWT","kid":"b"}`, header("b:"+secretB+",a:"+secretA))
}

func TestCachedTokensAreBounded(t *testing.T) {
	t.Parallel()
	m, err := NewJWT(keysOf(t, "a:"+secretA))
	require.NoError(t, err)
	r := Cached(m).(*cachedMaker)
	for range 2*cachedMax + 1 {
		s, err := r.Create(payload(Access))
		require.NoError(t, err)
		_, err = r.Verify(s, Access)
		require.NoError(t, err)
		require.LessOrEqual(t, len(r.genuine), cachedMax)
	}
	_, err = r.Verify("nonsense", Access)
	require.ErrorIs(t, err, ErrInvalid)
	require.NotContains(t, r.genuine, cacheKey{"nonsense", Access})
}

func TestForgedJWTIsRefused(t *testing.T) {
	t.Parallel()
	m, err := NewJWT(keysOf(t, "a:"+secretA+",b:"+secretB))
	require.NoError(t, err)
	r, err := newRing(keysOf(t, "a:"+secretA), "jwt")
	require.NoError(t, err)
	ours, _ := r.signing(Access)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	require.NoError(t, err)
	pemText := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)

	sign := func(method jwt.SigningMethod, key any, header map[string]any) string {
		c, err := newClaims(payload(Access))
		require.NoError(t, err)
		tok := jwt.NewWithClaims(method, jwtClaims{claims: c})
		for k, v := range header {
			tok.Header[k] = v
		}
		s, err := tok.SignedString(key)
		require.NoError(t, err)
		return s
	}
	none := sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil)
	good := sign(jwt.SigningMethodHS256, ours.secret, nil)
	_, err = m.Verify(good, Access)
	require.NoError(t, err, "the forge itself is right")
	forged := map[string]string{
		"alg none":                  none,
		"alg none, our signature":   none + strings.Split(good, ".")[2],
		"alg None":                  withHeader(t, good, `{"alg":"None","typ":"JWT"}`),
		"alg nOnE":                  withHeader(t, good, `{"alg":"nOnE","typ":"JWT"}`),
		"no alg":                    withHeader(t, good, `{"typ":"JWT"}`),
		"alg is a number":           withHeader(t, good, `{"alg":256}`),
		"RS256":                     sign(jwt.SigningMethodRS256, rsaKey, nil),
		"RS256 named, HS256 signed": resigned(t, good, `{"alg":"RS256","typ":"JWT"}`, ours.secret),
		"HS256 with a public key":   sign(jwt.SigningMethodHS256, pemText, nil),
		"HS384 with our key":        sign(jwt.SigningMethodHS384, ours.secret, nil),
		"HS512 with our key":        sign(jwt.SigningMethodHS512, ours.secret, nil),
		"EdDSA":                     sign(jwt.SigningMethodEdDSA, edKey, nil),
		"empty key":                 sign(jwt.SigningMethodHS256, []byte{}, nil),
		"the key not derived":       sign(jwt.SigningMethodHS256, []byte(secretA), nil),
		"foreign kid":               sign(jwt.SigningMethodHS256, ours.secret, map[string]any{"kid": "c"}),
		"another's kid":             sign(jwt.SigningMethodHS256, ours.secret, map[string]any{"kid": "b"}),
		"kid is a path":             sign(jwt.SigningMethodHS256, []byte{}, map[string]any{"kid": "../../dev/null"}),
		"kid is empty":              sign(jwt.SigningMethodHS256, ours.secret, map[string]any{"kid": ""}),
		"kid is a list":             sign(jwt.SigningMethodHS256, ours.secret, map[string]any{"kid": []string{"a"}}),
		"jku":                       sign(jwt.SigningMethodHS256, []byte(secretB), map[string]any{"jku": "https://evil.example/keys"}),
		"jwk": sign(jwt.SigningMethodHS256, []byte(secretB),
			map[string]any{"jwk": map[string]any{"kty": "oct", "k": base64.RawURLEncoding.EncodeToString([]byte(secretB))}}),
		"x5u": sign(jwt.SigningMethodHS256, []byte(secretB), map[string]any{"x5u": "https://evil.example/cert"}),
	}
	for name, s := range forged {
		_, err := m.Verify(s, Access)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

func withHeader(t *testing.T, token, header string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	parts[0] = base64.RawURLEncoding.EncodeToString([]byte(header))
	return strings.Join(parts, ".")
}

func resigned(t *testing.T, token, header string, key []byte) string {
	t.Helper()
	parts := strings.Split(withHeader(t, token, header), ".")
	sig, err := jwt.SigningMethodHS256.Sign(parts[0]+"."+parts[1], key)
	require.NoError(t, err)
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func TestForgedPASETOIsRefused(t *testing.T) {
	t.Parallel()
	m, err := NewPASETO(keysOf(t, "a:"+secretA+",b:"+secretB))
	require.NoError(t, err)
	r, err := newRing(keysOf(t, "a:"+secretA+",b:"+secretB), "paseto")
	require.NoError(t, err)
	ours := r[Access][0]
	c, err := newClaims(payload(Access))
	require.NoError(t, err)
	seal := func(key []byte, footer any) string {
		text, err := json.Marshal(c)
		require.NoError(t, err)
		s, err := paseto.NewV2().Encrypt(key, text, footer)
		require.NoError(t, err)
		return s
	}
	_, err = m.Verify(seal(ours.secret, "a"), Access)
	require.NoError(t, err, "the forge itself is right")
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	public, err := paseto.NewV2().Sign(crypto.PrivateKey(private), c, nil)
	require.NoError(t, err)
	v1, err := paseto.NewV1().Encrypt(ours.secret, c, nil)
	require.NoError(t, err)
	good := seal(ours.secret, "a")
	sum := sha256.Sum256([]byte(secretA))
	for name, s := range map[string]string{
		"foreign key id":      seal(ours.secret, "c"),
		"another's key id":    seal(ours.secret, "b"),
		"key not derived":     seal([]byte(secretA), ""),
		"key hashed":          seal(sum[:], ""),
		"public":              public,
		"version 1":           v1,
		"footer cut":          good[:strings.LastIndex(good, ".")],
		"footer changed":      good[:strings.LastIndex(good, ".")] + ".Yg",
		"public named local":  "v2.local." + strings.TrimPrefix(public, "v2.public."),
		"version 1 renamed":   "v2.local." + strings.TrimPrefix(v1, "v1.local."),
		"a JWT":               "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.AAAA",
		"nothing but a frame": "v2.local.",
	} {
		_, err := m.Verify(s, Access)
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

// FuzzVerify fails if a token is accepted with another payload than that of the genuine tokens, which would be a forgery. The
// payload is fixed, since each fuzzing process creates its own tokens.
func FuzzVerify(f *testing.F) {
	var all []Maker
	id := uuid.MustParse("6f1f7dc4-0c3f-4b53-9d4d-3f8f8b0a6c11")
	p := Payload{
		ID: id, SessionID: id, UserID: id, Username: "gildong",
		IssuedAt: time.Unix(1_700_000_000, 0).UTC(), ExpiresAt: time.Unix(40_000_000_000, 0).UTC(),
	}
	for _, build := range makers {
		m, err := build(keysOf(f, "a:"+secretA+",b:"+secretB))
		require.NoError(f, err)
		all = append(all, m, Cached(m))
		for _, kind := range kinds {
			p.Kind = kind
			s, err := m.Create(p)
			require.NoError(f, err)
			f.Add(s)
		}
	}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("v2.local.AAAA.YQ")
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range all {
			for _, kind := range kinds {
				want := p
				want.Kind = kind
				if got, err := m.Verify(s, kind); err == nil && got != want {
					t.Fatalf("accepted %q", s)
				}
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for format, build := range makers {
		b.Run(format, func(b *testing.B) {
			m, err := build(keysOf(b, "a:"+secretA))
			require.NoError(b, err)
			p := payload(Access)
			p.ExpiresAt = p.ExpiresAt.Add(time.Hour)
			s, err := m.Create(p)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Verify(s, Access); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
