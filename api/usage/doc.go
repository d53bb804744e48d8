// Package usage builds answers about the resource usage of containers: the contract's texts, rows of numbers with their history,
// sums per host, and streams of samples, in the shapes of package dto.
//
// Job. CheckPast and CheckIDs report what is wrong with a request. Text and Texts return the contract's texts; Row and Snapshot
// return numbers, Top those of all hosts in order. HostSource and ContainerSource stream samples as server-sent events.
//
// Owner. All values belong to one call, whose handler is in package api. It decides before which actor sees which container.
//
// Limits. Percentages and rates have two decimals. A stream holds only the sample that it is sending: a slow client misses those
// in between. The package caches nothing; bytes that many callers share are cached with the snapshot that they come from.
package usage
