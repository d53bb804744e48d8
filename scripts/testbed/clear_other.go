//go:build !linux

package main

import (
	"errors"
	"os"
)

// clearBed takes away whatever is left of a bed: outside Linux these are containers and files.
func clearBed(dir string) error {
	return errors.Join(removeBedContainers(dir), os.RemoveAll(dir))
}
