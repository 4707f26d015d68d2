/*
 * fuzz_httpget: an HTTP answer is read or refused, and its body lies within it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "util/httpget.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str answer = {(const char *)data, size};
	struct err err = ERR_NULL;
	unsigned status;
	struct str body;

	if (httpget_parse(answer, &status, &body, &err) < 0)
		return 0;
	if (status > 999 || body.len > size || (body.len && body.p + body.len != answer.p + size))
		abort();
	return 0;
}
