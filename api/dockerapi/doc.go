// Package dockerapi answers Docker's own API for one host, below /docker/{host}, so that Docker's tools need nothing but
// wharf's address and a key.
//
// There are two tiers. The typed tier, for every caller, is written on package service: what is listed, inspected, streamed
// and done is what the caller may see and do, masked, audited and attributed as everywhere. No byte of a request goes to an
// engine as it came, and no byte of an engine's answer comes back so. What the typed tier doesn't have is refused with 403,
// and the answer says what is missing. The raw tier passes everything through, for the keys that were made for it alone.
//
// The table (routes.go) has every operation of Docker's API, with the typed tier's permission and handler. What has no row is
// answered with 404, in both tiers.
package dockerapi
