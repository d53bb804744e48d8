// Package idempotency makes a request that is sent again with the same Idempotency-Key take effect only once.
//
// Job. Do runs a request, or returns the answer that its caller got earlier for the same key. Concurrent requests with the same
// key share one run. The Store ensures this within the process, service.IdempotentRequests across replicas and restarts.
//
// Owner. A server has one Store. Its only goroutines hold a key for as long as the key's request runs.
//
// Limits. Answers are kept for 10 minutes, at most 500 of a caller and 10,000 in all. Beyond that new keys are rejected; no answer
// is dropped early. Only successes are kept: a failed request may be tried again. The package knows no HTTP: package api reads
// the key and the body, and answers.
package idempotency
