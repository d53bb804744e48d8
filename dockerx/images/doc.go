// Package images pulls images, and has the types for what a host has besides containers: names of images, credentials for
// registries, and the lists of images, volumes and networks.
//
// Job. A Puller makes one engine pull images, with progress. Concurrent callers for one image share one pull. A pull fails if
// nothing comes for a while, and failures are classified (Reason). If the pulled image is for another platform, its name is
// given back to the image that had it before. Digests caches the digests of names in their registries.
//
// Owner. dockerx.Host makes one Puller, whose pulls end with the host. All hosts share Credentials and Digests.
//
// Limits. A line of an engine's progress has at most 1 MiB; a longer one fails the pull. Progress counts at most 1,000 layers.
// A list has at most 50,000 rows.
package images
