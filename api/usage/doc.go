// Package usage makes answers of what containers use: the contract's texts, rows of numbers with their past, sums of hosts,
// and streams of samples, in the shapes of package dto.
//
// Job. CheckPast and CheckIDs say what is wrong with a request. Texts are the contract's; Row and Snapshot are the numbers, Top
// those of all hosts in order. HostSource and ContainerSource stream samples as server-sent events.
//
// Owner. What is here belongs to one call, whose handler is in package api: which actor sees which container is decided before
// numbers come here.
//
// Limits. Percentages and rates have two decimals. A stream holds no sample but the one that it sends: a client that takes long
// misses those between. Nothing is kept; what many callers share is kept with the snapshot that it was made of.
package usage
