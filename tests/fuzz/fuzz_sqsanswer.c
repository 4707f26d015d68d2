/*
 * sqs: answers of a queue, as some server sends them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sqs.h"

static void on_message(void *arg, const struct sqs_message *m)
{
	size_t *n = arg;

	*n += strlen(m->id) + strlen(m->receipt) + m->body_len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *body = (const char *)data;
	char url[SQS_URL];
	uint32_t failed;
	size_t n = 0;

	if (sqs_read_messages(body, len, on_message, &n) > 0 && n == 0 && len == 0)
		abort();
	if (sqs_read_failed(body, len, SQS_BATCH, &failed) == 0 && failed >> SQS_BATCH)
		abort();
	if (sqs_read_url(body, len, url) == 0 && strlen(url) >= sizeof url)
		abort();
	return 0;
}
