// Package benchweb measures the page in a real browser: `make bench-web` prints the table, and `make
// screenshots` takes the pictures that README.md shows. As plain tests the same runs are smaller and check only
// what doesn't depend on the machine.
package benchweb
