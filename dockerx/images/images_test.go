package images

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseRef(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("a", 64)
	for in, want := range map[string][4]string{ // shown, registry, repository, version
		"nginx":                                 {"nginx:latest", "docker.io", "docker.io/library/nginx", "latest"},
		"nginx:1.27":                            {"nginx:1.27", "docker.io", "docker.io/library/nginx", "1.27"},
		"registry.example.org:5000/team/app:v1": {"registry.example.org:5000/team/app:v1", "registry.example.org:5000", "registry.example.org:5000/team/app", "v1"},
		"team/app@" + digest:                    {"team/app@" + digest, "docker.io", "docker.io/team/app", digest},
		"team/app:v1@" + digest:                 {"team/app@" + digest, "docker.io", "docker.io/team/app", digest},
	} {
		r, err := ParseRef(in)
		require.NoError(t, err, in)
		require.Equal(t, want, [4]string{r.String(), r.Registry(), r.Repository(), r.Version()}, in)
		require.Equal(t, strings.Contains(in, "@"), r.Pinned())
	}
	for _, in := range []string{
		"", " ", "UPPER", "a b", "../x", "/x", "x/../y", "nginx?tag=x", "nginx#x", "nginx:", "nginx@sha256:1", "http://x/y", "a\nb", "a%2fb:é",
		strings.Repeat("a", 64), strings.Repeat("a/", 300) + "a",
	} {
		_, err := ParseRef(in)
		require.Error(t, err, in)
	}
}

func TestNamesOfImagesAreNoReasons(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]Reason{
		"manifest for 127.0.0.1:39429/team/none:1 not found: manifest unknown: manifest unknown":                              ReasonUnknown,
		`Get "https://127.0.0.1:39429/v2/": dial tcp 127.0.0.1:39429: connect: connection refused`:                            ReasonUnreachable,
		"error parsing HTTP 429 response body: invalid character 'R' looking for beginning of value: \"Rate limit exceeded\"": ReasonLimited,
		`Head "https://127.0.0.1:39429/v2/team/none/manifests/1": unauthorized: authentication required`:                      ReasonDenied,
	} {
		r, err := ParseRef("127.0.0.1:39429/team/none:1")
		require.NoError(t, err)
		require.Equal(t, want, reasonOf(r, message), message)
	}
	require.Equal(t, ReasonUnreachable, Refused("acme/timeout", `Get "https://registry-1.docker.io/v2/acme/timeout/manifests/latest": connection refused`).Reason)
	require.Equal(t, ReasonOther, Refused("denied:", "x").Reason)
}

func FuzzParseRef(f *testing.F) {
	f.Add("nginx:1.27")
	f.Add("registry.example.org:5000/a/b@sha256:" + strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRef(s)
		if err != nil {
			return
		}
		require.NotContains(t, r.Repository()+r.Version(), "..")
		require.NotContains(t, r.Repository(), "?")
		again, err := ParseRef(r.String())
		require.NoError(t, err)
		require.Equal(t, r.String(), again.String())
	})
}

func writeConfig(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

func TestCredentialsInDockersOwnFormat(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "config.json")
	login := base64.StdEncoding.EncodeToString([]byte("me:pass:word"))
	writeConfig(t, file, `{"auths": {
		"https://index.docker.io/v1/": {"auth": "`+login+`", "email": "x"}, "r.example.org:5000": {"auth": "`+login+`", "identitytoken": "tok"},
		"plain.example.org": {"username": "u", "password": "p"}, "helped.example.org": {}
	}, "credHelpers": {"helped.example.org": "ecr-login"}, "HttpHeaders": {"X": "y"}}`)
	c, err := OpenCredentials(file)
	require.NoError(t, err)
	require.Equal(t, []string{"helped.example.org"}, c.Unread())
	for registry, want := range map[string][3]string{
		"docker.io": {"me", "pass:word", ""}, "r.example.org:5000": {"me", "pass:word", "tok"}, "plain.example.org": {"u", "p", ""},
	} {
		a, err := c.For(registry)
		require.NoError(t, err)
		raw, err := base64.URLEncoding.DecodeString(a.Header)
		require.NoError(t, err)
		var sent struct{ Username, Password, IdentityToken, ServerAddress string }
		require.NoError(t, json.Unmarshal(raw, &sent))
		require.Equal(t, want, [3]string{sent.Username, sent.Password, sent.IdentityToken})
		require.Equal(t, registry, sent.ServerAddress)
	}
	for _, registry := range []string{"r.example.org", "example.org", "evil.org", "helped.example.org", "index.docker.io.evil.org"} {
		a, err := c.For(registry)
		require.NoError(t, err)
		require.Equal(t, Auth{}, a, registry)
	}
	require.True(t, c.leftOut("helped.example.org"))
	require.False(t, c.leftOut("plain.example.org"))

	writeConfig(t, file, `{"auths": {"plain.example.org": {"username": "u", "password": "changed"}}, "credsStore": "desktop"}`)
	require.NoError(t, os.Chtimes(file, time.Now(), time.Now().Add(time.Second)))
	a, err := c.For("plain.example.org")
	require.NoError(t, err)
	require.Contains(t, a.secrets, "changed", "a file that was changed is read again")
	require.True(t, c.leftOut("docker.io"))

	require.NoError(t, os.Remove(file))
	_, err = c.For("plain.example.org")
	require.Error(t, err)
	require.NotContains(t, err.Error(), file)
}

func TestBrokenCredentialsAreRefusedWithoutShowingThem(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		``, `[]`, `{"auths": "hunter2"}`, `{"auths": {"x": {"auth": "hunter2!"}}}`,
		`{"auths": {"x": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("hunter2")) + `"}}}`, strings.Repeat(" ", maxConfig+1),
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		writeConfig(t, file, content)
		_, err := OpenCredentials(file)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err := OpenCredentials(filepath.Join(t.TempDir(), "none"))
	require.Error(t, err)
	c, err := OpenCredentials("")
	require.NoError(t, err)
	a, err := c.For("docker.io")
	require.NoError(t, err)
	require.Equal(t, Auth{}, a)
}

func TestTrackerAddsUpLayers(t *testing.T) {
	t.Parallel()
	var tr tracker
	for _, line := range []string{
		`{"status":"Pulling from library/x","id":"latest"}`,
		`{"status":"Pulling fs layer","progressDetail":{},"id":"aaaaaaaaaaaa"}`,
		`{"status":"Already exists","progressDetail":{},"id":"bbbbbbbbbbbb"}`,
		`{"status":"Downloading","progressDetail":{"current":50,"total":100},"id":"aaaaaaaaaaaa"}`,
		`{"status":"Downloading","progressDetail":{"current":20,"total":100},"id":"aaaaaaaaaaaa"}`,
	} {
		failure, err := tr.add([]byte(line))
		require.NoError(t, err)
		require.Empty(t, failure)
	}
	require.Equal(t, Progress{Step: "downloading", Layers: 2, LayersDone: 1, Bytes: 50, Total: 100}, tr.now)
	for _, line := range []string{
		`{"status":"Download complete","id":"aaaaaaaaaaaa"}`, `{"status":"Extracting","progressDetail":{"current":1,"total":100},"id":"aaaaaaaaaaaa"}`,
		`{"status":"Pull complete","id":"aaaaaaaaaaaa"}`, `{"status":"Digest: sha256:` + strings.Repeat("c", 64) + `"}`, `{"status":"Digest: x"}`,
	} {
		_, err := tr.add([]byte(line))
		require.NoError(t, err)
	}
	require.Equal(t, Progress{Step: "extracting", Layers: 2, LayersDone: 2, Bytes: 100, Total: 100}, tr.now)
	require.Equal(t, "sha256:"+strings.Repeat("c", 64), tr.digest)
	for i := range 3 * maxLayers {
		_, err := tr.add([]byte(`{"status":"Waiting","id":"` + strings.Repeat("0", 12-len(string(rune('0'+i%10)))) + string(rune('0'+i%10)) + `"}`))
		require.NoError(t, err)
	}
	require.LessOrEqual(t, len(tr.layers), maxLayers)
}

func TestIDIsWholeAndOfItsAlphabet(t *testing.T) {
	t.Parallel()
	whole := "sha256:" + strings.Repeat("0af9", 16)
	require.True(t, IsID(whole))
	for _, s := range []string{"", "sha256:", whole[:70], whole + "0", whole[7:], "sha512" + whole[6:], whole[:70] + "g", whole[:70] + "A", whole[:8] + "/" + whole[9:], whole[:70] + "\n"} {
		require.False(t, IsID(s), "%q", s)
	}
}
