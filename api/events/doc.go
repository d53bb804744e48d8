// Package events makes answers of the log of events: the frames of streams, and pages, in the shapes of package dto.
//
// Job. Filter and Place read what a caller asks for and say what is wrong with it. NewPoller streams a subscription to one
// client, PageOf answers a query, and Follow yields what is woven into another answer. Each masks what its actor may see
// only masked.
//
// Owner. What is here belongs to one call, whose handler is in package api: the subscription, which the actor's grants
// filter, is opened there. A poller closes the subscription that it was given, as Follow does.
//
// Limits. A client that keeps up is sent 64 records at a time, one that catches up 256. A record is rendered once for all
// its streams; nothing else is kept.
package events
