// Package logs makes answers of containers' logs: pages, streams, searches and downloads, in the shapes of package dto.
//
// Job. Read makes a Request of parameters and says what is wrong with them. Of its containers, which the caller has opened
// for the actor, Page reads a page, and Source, SearchSource and Poller stream what package service/logs reads and finds, as
// SSE, NDJSON or text.
//
// Owner. A Request belongs to one call, whose handler is in package api: which actor sees which container, what the audit
// records, and which events are woven in is decided there.
//
// Limits. What waits for a client has at most 256 KiB of a log's past, and of what follows what package dockerx/logs keeps. A
// search ends after 30 s, unless the caller says otherwise.
package logs
