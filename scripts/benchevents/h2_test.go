package benchevents

import (
	"crypto/tls"
	"net/http"
)

// h2Transport returns a transport that uses HTTP/2.
func h2Transport() *http.Transport {
	return &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // a server of this test, self-signed
}
