package benchevents

import (
	"crypto/tls"
	"net/http"
)

// h2Transport opens one HTTP/2 connection.
func h2Transport() *http.Transport {
	return &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // our own, self-signed
}
