//go:build !linux

package main

import "errors"

// network is the network namespace of a bed's engines. Outside Linux there are none, and no engines of the bed's own.
type network struct{}

func newNetwork() (*network, error) { return nil, errors.New("network namespaces need Linux") }

// do runs f.
func (n *network) do(f func() error) error { return f() }
