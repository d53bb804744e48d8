// Package benchhosts measures the cost of many hosts, of dead hosts and of hostile ones: `make bench-hosts` prints the table. Run as
// tests, the same measurements are smaller and check only what doesn't depend on the machine.
package benchhosts
