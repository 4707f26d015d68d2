/*
 * retry: when to ask again.
 *
 * Pauses have full jitter, so that many clients that failed together do not come back together; what a server asks
 * for is a lower bound. A bucket of tokens limits how much of the traffic may be repetition: while most
 * answers are good it never matters, while most fail it stops the storm.
 *
 * Threads: the caller's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	AWS_PAUSE_UNIT_MS = 1000,
	AWS_PAUSE_UNITS = 20,            /* the longest pause of our own */
	AWS_PAUSE_ASKED_MS = 300 * 1000, /* the longest that a server may ask for */
	AWS_RETRY_COST = 5,
	AWS_TIMEOUT_COST = 10,
	AWS_SKEW_S = 240, /* a clock that is off by less is not why a signature was refused */
};

/* Before the @n-th retry (from 0): milliseconds. @random is any number. */
uint64_t aws_pause_ms(uint32_t unit_ms, uint32_t n, uint64_t asked_ms, uint64_t random);

/* What a server asked for, from its headers, either of which may be NULL: Retry-After (seconds; a date is not
 * read) and x-amz-retry-after (milliseconds). */
uint64_t aws_pause_asked(const char *retry_after, const char *amz_retry_after);

/* Takes the tokens of a retry; false when too few are left. */
bool aws_tokens_take(uint32_t *tokens, bool is_timeout);
void aws_tokens_give(uint32_t *tokens, uint32_t max);

/* How far the clock of a server that sent this Date is before ours at @now; 0 when it is close, or no date. */
int64_t aws_skew_of(const char *date, int64_t now);
