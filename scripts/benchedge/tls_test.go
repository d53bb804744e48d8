package benchedge

import (
	"crypto/tls"
	"net/http"
	"testing"

	"wharf/scripts/benchkit"
)

// plainToTLS sends what is meant for http:// over TLS, whatever certificate the server has.
type plainToTLS struct{ http.RoundTripper }

func (p plainToTLS) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme = "https"
	return p.RoundTripper.RoundTrip(r)
}

// overTLS is adopt for a process that serves TLS.
func overTLS(t testing.TB, p *benchkit.Process) *server {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a process of our own
	t.Cleanup(transport.CloseIdleConnections)
	return adopt(t, p, plainToTLS{transport})
}
