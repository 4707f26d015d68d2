/*
 * fuzz_json: any bytes through the JSON scanner, checked by json_oracle.h.
 *
 * The text is copied to a block of exactly its size, so that a sanitizer sees the first byte read
 * behind it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/json_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);

	if (!text || size > 1 << 16) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	oracle_check(text, size);
	free(text);
	return 0;
}
