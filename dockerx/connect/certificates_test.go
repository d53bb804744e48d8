package connect

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"wharf/dockerx/dockertest"
)

func TestCertificateExpiryFollowsRenewal(t *testing.T) {
	t.Parallel()
	authority := dockertest.NewAuthority(t)
	in := func(days int) time.Time { return time.Now().AddDate(0, 0, days).Truncate(time.Second) }
	server := dockertest.Certificate{Names: []string{"127.0.0.1"}, NotAfter: in(9)}
	d := dockertest.NewDaemonWith(t, authority, authority.Sign(t, server))
	authority.Write(t, d.CertDir(), authority.Sign(t, dockertest.Certificate{NotAfter: in(3)}))
	transport, err := New(Config{Addr: d.Addr(), CertDir: d.CertDir()})
	require.NoError(t, err)
	t.Cleanup(transport.Close)
	ends := func(days int) {
		t.Helper()
		require.WithinDuration(t, in(days), transport.CertificateExpiry(), time.Minute)
	}
	resp, err := transport.Open(t.Context(), Request{Path: "/_ping", Limit: Bytes(100)})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	ends(3)
	authority.Write(t, d.CertDir(), authority.Sign(t, dockertest.Certificate{NotAfter: in(40)}))
	ends(9)
	transport.certs.setServer([]*x509.Certificate{{NotAfter: in(30)}}) // as after a restart of the engine with a new certificate
	ends(30)
}
