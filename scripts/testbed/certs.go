package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certDir returns a directory with one directory of certificates per host, in the format of DOCKER_CERT_PATH.
func (b *bed) certDir() string { return filepath.Join(b.dir, "certs") }

// makeCerts writes a certificate authority and the certificates of a server and a client for the host, and returns the client's
// configuration. The authority's key is kept so that tests can issue more certificates.
func (b *bed) makeCerts(host string, names []string) (*tls.Config, error) {
	dir := filepath.Join(b.certDir(), host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	ca, err := newPair("wharf test authority", nil, nil)
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	server, err := newPair(host, names, ca)
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	client, err := newPair("wharf", nil, ca)
	if err != nil {
		return nil, fmt.Errorf("make certificates: %w", err)
	}
	for prefix, p := range map[string]*pair{"ca": ca, "server": server, "": client} {
		if err := p.write(dir, prefix, b.uid, b.gid); err != nil {
			return nil, fmt.Errorf("write certificates: %w", err)
		}
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	own := tls.Certificate{Certificate: [][]byte{client.cert.Raw}, PrivateKey: client.key}
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}, ServerName: "localhost", MinVersion: tls.VersionTLS12}, nil
}

type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newPair creates a key and its certificate, signed by the issuer, or self-signed as an authority. With names it is a server's.
func newPair(subject string, names []string, issuer *pair) (*pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: subject},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, n := range names {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	if issuer == nil {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageCertSign, nil
		issuer = &pair{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &pair{cert: cert, key: key}, err
}

// write writes the files under Docker's names: ca.pem and ca-key.pem, server-cert.pem and server-key.pem, cert.pem and key.pem.
func (p *pair) write(dir, prefix string, uid, gid int) error {
	certName, keyName := prefix+"-cert.pem", prefix+"-key.pem"
	switch prefix {
	case "ca":
		certName = "ca.pem"
	case "":
		certName, keyName = "cert.pem", "key.pem"
	}
	der, err := x509.MarshalECPrivateKey(p.key)
	if err != nil {
		return err
	}
	keyFile := filepath.Join(dir, keyName)
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return err
	}
	if err := os.Chown(keyFile, uid, gid); err != nil {
		return err
	}
	block := &pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}
	return os.WriteFile(filepath.Join(dir, certName), pem.EncodeToMemory(block), 0o644)
}
