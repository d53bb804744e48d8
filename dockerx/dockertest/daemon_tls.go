package dockertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority signs certificates for tests.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority returns a new certificate authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "wharf test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &Authority{cert, key}
}

// Certificate describes a certificate to sign.
type Certificate struct {
	Names    []string  // names or IP addresses
	NotAfter time.Time // zero: a day from now
}

// Sign returns a new certificate, which is valid for servers and clients.
func (a *Authority) Sign(t testing.TB, c Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "wharf test"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: c.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if c.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(24 * time.Hour)
	}
	for _, name := range c.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// Write writes ca.pem, cert.pem and key.pem for a client of Docker to a directory.
func (a *Authority) Write(t testing.TB, dir string, own tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	require.NoError(t, err)
	for name, block := range map[string]*pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: a.cert.Raw},
		"cert.pem": {Type: "CERTIFICATE", Bytes: own.Certificate[0]},
		"key.pem":  {Type: "PRIVATE KEY", Bytes: key},
	} {
		// A rename is atomic, so that no reader gets an incomplete file.
		temporary := filepath.Join(dir, name+".new")
		require.NoError(t, os.WriteFile(temporary, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Rename(temporary, filepath.Join(dir, name)))
	}
}

// NewTLSDaemon is NewDaemon with mutual TLS. CertDir has the client's certificates.
func NewTLSDaemon(t testing.TB) *Daemon {
	t.Helper()
	authority := NewAuthority(t)
	d := NewDaemonWith(t, authority, authority.Sign(t, Certificate{Names: []string{"127.0.0.1", "localhost"}}))
	authority.Write(t, d.certs, authority.Sign(t, Certificate{}))
	return d
}

// NewDaemonWith is NewDaemon with this certificate, for clients with a certificate of this authority. CertDir is an empty
// directory, to be filled by the caller.
func NewDaemonWith(t testing.TB, clients *Authority, own tls.Certificate) *Daemon {
	t.Helper()
	d := newDaemon()
	pool := x509.NewCertPool()
	pool.AddCert(clients.cert)
	d.server.TLS = &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own},
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	d.server.StartTLS()
	d.addr = "tcp://" + d.server.Listener.Addr().String()
	d.certs = t.TempDir()
	t.Cleanup(d.close)
	return d
}
