/*
 * fuzz_bulk: the answer to a bulk request; its first byte says how many documents it is for.
 */
#include <stdlib.h>

#include "bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t statuses[256];

	if (size == 0)
		return 0;
	const uint32_t n = data[0] & 7;

	if (bulk_read((const char *)data + 1, size - 1, statuses, n) == 0)
		for (uint32_t i = 0; i < n; i++)
			if (statuses[i] > 999)
				abort();
	return 0;
}
