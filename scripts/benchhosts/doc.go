// Package benchhosts measures what many hosts, dead hosts and hostile ones cost: `make bench-hosts`
// prints the table. As plain tests the same runs are smaller and check only what doesn't depend on
// the machine.
package benchhosts
