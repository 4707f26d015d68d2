/*
 * seen: the events that came in lately, so that one that is sent again is known.
 *
 * An API server sends a batch again when the answer to it did not come, as a whole. What comes again
 * has the same auditID and stage, but that is not enough to tell: a client of the API server may
 * choose the ID of its request, and would make the second of two requests invisible by giving both
 * the same. So an event is known by a digest of all its bytes, in which both are.
 *
 * A table with room for a number of events; when it is full the one that was not met for the longest
 * time is forgotten. Lifetime: seen_new() to seen_free(). Threads: one owner.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { SEEN_DIGEST = 32 };

struct seen;

/* SHA-256. -EIO when the library refuses. */
int seen_digest(const void *bytes, size_t len, unsigned char ret[SEEN_DIGEST]);

/* @n 0: nothing is remembered. NULL when memory is short. */
struct seen *seen_new(uint32_t n);
struct seen *seen_free(struct seen *s); /* takes NULL, returns NULL */

/* The number that the event was remembered by; 0: it is new. */
uint64_t seen_find(struct seen *s, const unsigned char digest[SEEN_DIGEST]);

/* Remembers a new event by @number, which is not 0. */
void seen_add(struct seen *s, const unsigned char digest[SEEN_DIGEST], uint64_t number);
