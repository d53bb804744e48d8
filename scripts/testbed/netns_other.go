//go:build !linux

package main

import "errors"

// network is the network namespace of a bed's engines; outside Linux there is none, and no engine of our own.
type network struct{}

func newNetwork() (*network, error) { return nil, errors.New("network namespaces need Linux") }

// do runs f.
func (n *network) do(f func() error) error { return f() }
