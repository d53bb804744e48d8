package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/connect"
)

func sum256(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func TestHostOfADockerContext(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	write := func(name, endpoint string) string {
		t.Helper()
		sum := hex.EncodeToString(sum256(name))
		meta := filepath.Join(dir, "contexts", "meta", sum)
		require.NoError(t, os.MkdirAll(meta, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(meta, "meta.json"), []byte(endpoint), 0o600))
		return filepath.Join(dir, "contexts", "tls", sum, "docker")
	}
	certs := write("far", `{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2376","SkipTLSVerify":false}}}`)
	require.NoError(t, os.MkdirAll(certs, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(certs, "ca.pem"), nil, 0o600))
	write("shell", `{"Name":"shell","Endpoints":{"docker":{"Host":"ssh://me@10.0.0.2"}}}`)
	write("lax", `{"Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2376","SkipTLSVerify":true}}}`)
	write("torn", `{"Endpo`)
	write("loop", `{"Endpoints":{"docker":{"Host":"context://loop"}}}`)

	cfgs, err := parseHosts("a=context://far,b=context://shell,c=context://default", "")
	require.NoError(t, err)
	require.Equal(t, "tcp://10.0.0.1:2376", cfgs[0].Addr)
	require.Equal(t, certs, cfgs[0].CertDir)
	require.Equal(t, "ssh://me@10.0.0.2", cfgs[1].Addr)
	require.Equal(t, connect.DefaultSocket, cfgs[2].Addr)
	for _, name := range []string{"lax", "torn", "nobody", "loop", "../x"} {
		_, err := parseHosts("a=context://"+name, "")
		require.ErrorContains(t, err, `host "a"`, name)
	}
}
