#include "retry.h"

#include <stdlib.h>

#include <curl/curl.h>

uint64_t aws_pause_ms(uint32_t unit_ms, uint32_t n, uint64_t asked_ms, uint64_t random)
{
	const uint64_t unit = unit_ms ? unit_ms : AWS_PAUSE_UNIT_MS;
	const uint64_t doubled = n < 16 ? unit << n : unit * AWS_PAUSE_UNITS;
	const uint64_t most = doubled < unit * AWS_PAUSE_UNITS ? doubled : unit * AWS_PAUSE_UNITS;
	const uint64_t own = random % (most + 1);

	return own > asked_ms ? own : asked_ms;
}

static uint64_t number_of(const char *text, uint64_t max)
{
	char *end;
	unsigned long long v;

	if (!text || *text < '0' || *text > '9')
		return 0;
	v = strtoull(text, &end, 10);
	if (*end != '\0' && *end != ' ' && *end != '\r')
		return 0;
	return v < max ? v : max;
}

uint64_t aws_pause_asked(const char *retry_after, const char *amz_retry_after)
{
	const uint64_t ms = number_of(amz_retry_after, AWS_PAUSE_ASKED_MS);
	const uint64_t s = number_of(retry_after, AWS_PAUSE_ASKED_MS / 1000);

	return ms > s * 1000 ? ms : s * 1000;
}

bool aws_tokens_take(uint32_t *tokens, bool is_timeout)
{
	const uint32_t cost = is_timeout ? AWS_TIMEOUT_COST : AWS_RETRY_COST;

	if (*tokens < cost)
		return false;
	*tokens -= cost;
	return true;
}

void aws_tokens_give(uint32_t *tokens, uint32_t max)
{
	if (*tokens < max)
		++*tokens;
}

int64_t aws_skew_of(const char *date, int64_t now)
{
	const int64_t theirs = *date ? (int64_t)curl_getdate(date, NULL) : -1;
	const int64_t off = theirs - now;

	if (theirs < 0 || (off <= AWS_SKEW_S && off >= -AWS_SKEW_S))
		return 0;
	return off;
}
