/*
 * cloudstats: what a source that reads from S3 counts beside the records.
 *
 * Threads: written by that of the source; the host reads them in between.
 */
#pragma once

#include <stdint.h>

/* One row each: member, and what it counts. */
#define CLOUD_COUNTERS(X)                                                          \
	X(objects, "objects read to their end")                                    \
	X(objects_skipped, "objects that are not wanted, by their keys")           \
	X(objects_finished, "objects that were finished before, not read again")   \
	X(objects_missing, "objects given up because they are not there")          \
	X(objects_forbidden, "objects that may not be read")                       \
	X(objects_archived, "objects in an archive")                               \
	X(objects_corrupt, "objects with damaged or cut gzip, or over a bound")    \
	X(objects_failed, "tries of objects that failed otherwise")                \
	X(bytes_downloaded, "bytes of objects, packed as they are")                \
	X(waits, "times that reading waited for records on their way")             \
	X(list_calls, "lists asked for")                                           \
	X(list_failed, "lists that were refused or failed")                        \
	X(keys, "keys listed")                                                     \
	X(rounds, "rounds of listing that were finished")                          \
	X(messages, "messages received")                                           \
	X(messages_again, "messages that came again while they were worked on")    \
	X(messages_empty, "messages understood that name no object to read")       \
	X(messages_unknown, "messages that are not understood")                    \
	X(messages_deleted, "messages deleted")                                    \
	X(messages_kept, "messages finished and not deleted (sqsDelete)")          \
	X(messages_left, "messages left for another try")                          \
	X(messages_given_up, "messages deleted after too many tries")              \
	X(messages_extended, "times that messages were kept invisible for longer") \
	X(calls_failed, "calls of the queue that failed, or entries of them")      \
	X(aws_attempts, "requests sent, those for credentials included")           \
	X(aws_retries, "requests sent again")                                      \
	X(aws_throttled, "answers that asked to slow down")                        \
	X(aws_auth_failures, "requests refused for want of rights or credentials")

struct cloud_stats {
#define X(name, what) uint64_t name;
	CLOUD_COUNTERS(X)
#undef X
};
