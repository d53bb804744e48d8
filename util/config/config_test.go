package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"
)

func TestEnvironmentBeatsFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.env")
	require.NoError(t, os.WriteFile(file, []byte("ACCESS_TOKEN_TTL=5m\nLOG_LEVEL=debug\n"), 0o600))

	c, err := Load(file, true, []string{"LOG_LEVEL=warn", "HOME=/nowhere"})

	require.NoError(t, err)
	require.Equal(t, 5*time.Minute, c.AccessTokenTTL)
	require.Equal(t, "warn", c.LogLevel)
	require.Equal(t, "sqlite:data/wharf.db", c.DBSource)
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none.env")
	_, err := Load(missing, false, nil)
	require.NoError(t, err)
	_, err = Load(missing, true, nil)
	require.ErrorContains(t, err, missing)
}

func TestBadSettingIsNamedInOneLine(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"ACCESS_TOKEN_TTL=soon", "ACCESS_TOKEN_TTL=-1s", "REFRESH_TOKEN_TTL=0", "AUTH_MODE=never", "ANON_ROLE=root", "SIGNUP=yes",
		"TOKEN_MAKER=saml", "EVENTS_KEEP=0", "EVENTS_MAX=-1", "AUDIT_MAX=0", "STATS_SOURCE=guess", "PASSWORD_POLICY=none", "CORS_ORIGINS=https://a/b", "CORS_ORIGINS=*", "STATS_IDLE=1s", "STATS_BUDGET=NaN", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "TLS_CERT_FILE=/c.pem", "ADMIN_USERNAME=root",
		"PASSWORD_MIN=3", "PASSWORD_MIN=x", "DB_SOURCE=mysql://x", "TRUSTED_PROXIES=10.0.0.0/99", "LISTEN_ADDR=nowhere", "DB_MIGRATE=perhaps",
	} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			_, err := Load("", false, []string{bad})
			name, _, _ := strings.Cut(bad, "=")
			require.ErrorContains(t, err, name)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestUnknownSettingInFileIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.env")
	require.NoError(t, os.WriteFile(file, []byte("LOGLEVEL=debug\n"), 0o600))
	_, err := Load(file, true, nil)
	require.ErrorContains(t, err, "LOGLEVEL")
}

func TestOpenModeBeyondLoopbackIsRefused(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{
		"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true,
		"0.0.0.0:1": false, ":1": false, "10.0.0.1:1": false, "example.org:1": false,
	} {
		_, err := Load("", false, []string{"AUTH_MODE=open", "LISTEN_ADDR=" + addr})
		if ok {
			require.NoError(t, err, addr)
			continue
		}
		require.ErrorContains(t, err, "AUTH_MODE", addr)
		_, err = Load("", false, []string{"AUTH_MODE=open", "LISTEN_ADDR=" + addr, "ALLOW_OPEN_NETWORK=true"})
		require.NoError(t, err, addr)
	}
}

func TestOpenModeBehindAProxyIsRefused(t *testing.T) {
	t.Parallel()
	behind := []string{"AUTH_MODE=open", "TRUSTED_PROXIES=127.0.0.1"}
	_, err := Load("", false, behind)
	require.ErrorContains(t, err, "TRUSTED_PROXIES")
	_, err = Load("", false, append(behind, "ALLOW_OPEN_NETWORK=true"))
	require.NoError(t, err)
}

// The file in the repository is documentation: it lists every setting with its real default.
func TestAppEnvListsEverySettingWithItsDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../app.env")
	require.NoError(t, err)
	vars, err := godotenv.Unmarshal(string(text))
	require.NoError(t, err)
	require.Len(t, vars, len(Settings()))
	for _, s := range Settings() {
		require.Contains(t, vars, s.Name)
		require.Equal(t, s.Default, vars[s.Name], s.Name)
		require.Contains(t, string(text), "# "+s.Help+"\n"+s.Name+"=", s.Name)
		require.Contains(t, Help(), s.Name)
	}
}

// UPDATE_APP_ENV=1 go test ./util/config rewrites app.env from the tags.
func TestMain(m *testing.M) {
	if os.Getenv("UPDATE_APP_ENV") != "" {
		if err := os.WriteFile("../../app.env", []byte(appEnv()), 0o644); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// appEnv returns the text of app.env: every setting with its meaning and default.
func appEnv() string {
	var b strings.Builder
	b.WriteString("# wharf's settings: every one, with its default. Environment variables take precedence over this file.\n")
	for _, s := range Settings() {
		fmt.Fprintf(&b, "\n# %s\n%s=%s\n", s.Help, s.Name, s.Default)
	}
	return b.String()
}
