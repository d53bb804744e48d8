// Package dockerapi serves Docker's own API for one host, below /docker/{host}, so that Docker's tools need only wharf's address
// and a key.
//
// It has two tiers. The typed tier, for every caller, is built on package service: it lists, inspects, streams and does what the
// caller may see and do, with masking, audit and attribution as everywhere else. It forwards no bytes of a request to an engine
// and no bytes of an engine's answer to a client. A request that the typed tier doesn't support is refused with 403, and the
// answer names what is missing. The raw tier forwards everything, for keys that were made for it.
//
// The table (routes.go) has every operation of Docker's API, with the typed tier's permission and handler. Requests that match no
// row are answered with 404, in both tiers.
package dockerapi
