//go:build !linux

package main

import (
	"errors"
	"os"
)

// clearBed removes everything that is left of a bed: outside Linux only containers and files.
func clearBed(dir string) error {
	return errors.Join(removeBedContainers(dir), os.RemoveAll(dir))
}
