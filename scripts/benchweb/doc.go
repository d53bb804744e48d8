// Package benchweb measures the page in a real browser: `make bench-web` prints the table, and `make screenshots` takes the pictures
// in README.md. Run as tests, the same measurements are smaller and check only what doesn't depend on the machine.
package benchweb
