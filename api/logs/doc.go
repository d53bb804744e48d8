// Package logs builds answers from containers' logs: pages, streams, searches and downloads, in the shapes of package dto.
//
// Job. Read converts parameters to a Request and reports what is wrong with them. The caller opens the request's containers for
// the actor. Page then reads a page, and Source, SearchSource and Poller stream lines and hits of package service/logs as SSE,
// NDJSON or text.
//
// Owner. A Request belongs to one call, whose handler is in package api. The handler decides which actor sees which container,
// what the audit records, and which events are merged in.
//
// Limits. At most 256 KiB of a log's past wait for a client; package dockerx/logs bounds the new lines that wait. A search ends
// after 30 s, unless the caller sets another limit.
package logs
