// Package images is what a host keeps besides containers, and how images come to it: names of images, credentials of
// registries, pulls with progress, and the lists of images, volumes and networks.
//
// Job. A Puller has one engine pull images: concurrent callers of one image share one pull, a registry that stops sending
// ends it, and what went wrong is said in one word (Reason). An image of a wrong platform doesn't stay under its name.
//
// Owner. dockerx.Host makes one Puller, whose pulls end with the host; Credentials are shared by all hosts.
//
// Limits. An engine's line of progress has at most 1 MiB, and a pull at most 1,000 layers; beyond them nothing is kept.
package images
