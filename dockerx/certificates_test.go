package dockerx

import (
	"context"
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
	h := hostOf(t, HostConfig{Name: "tls", Addr: d.Addr(), CertDir: d.CertDir()})
	ends := func(days int) {
		t.Helper()
		require.WithinDuration(t, in(days), h.Status().CertificateExpiry, time.Minute)
	}
	_, err := h.List(context.Background())
	require.NoError(t, err)
	ends(3)
	authority.Write(t, d.CertDir(), authority.Sign(t, dockertest.Certificate{NotAfter: in(40)}))
	ends(9)
	h.transport.certs.noteServer([]*x509.Certificate{{NotAfter: in(30)}}) // the engine was started again with a new one
	ends(30)
}
