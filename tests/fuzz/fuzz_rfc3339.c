/*
 * rfc3339 on any bytes: a time or a refusal, and a refusal writes nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "rfc3339.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint64_t ns = 42;
	int r = rfc3339_parse((const char *)data, len, &ns);

	if (r != 0 && ns != 42)
		abort();
	if (r == 0 && len < 20)
		abort();
	return 0;
}
