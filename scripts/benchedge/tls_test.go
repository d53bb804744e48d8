package benchedge

import (
	"crypto/tls"
	"net/http"
	"testing"

	"wharf/scripts/benchkit"
)

// plainToTLS sends requests for http:// over TLS, and accepts any certificate.
type plainToTLS struct{ http.RoundTripper }

func (p plainToTLS) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "https"
	return p.RoundTripper.RoundTrip(r)
}

// overTLS is adopt for a process that serves TLS.
func overTLS(t testing.TB, p *benchkit.Process) *server {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a server of this test
	t.Cleanup(transport.CloseIdleConnections)
	return adopt(t, p, plainToTLS{transport})
}
