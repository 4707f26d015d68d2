/*
 * fuzz_accounts: any bytes as a file of users or groups. The first five bytes are the kind of file and the
 * number that is looked for. What is found are three texts without control bytes, the first of them a name.
 */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"

static void check(int holds)
{
	if (!holds)
		abort();
}

static void check_answer(const char *ret, uint32_t n)
{
	const char *at = ret, *end = ret + n;

	check(n <= LOOKUPS_ANSWER && *ret);
	for (int i = 0; i < 3; i++) {
		const size_t len = strnlen(at, (size_t)(end - at));

		check(at + len < end && len < ACCOUNTS_TEXT);
		for (size_t k = 0; k < len; k++)
			check((unsigned char)at[k] >= ' ' && at[k] != 127);
		at += len + 1;
	}
	check(at == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char ret[LOOKUPS_ANSWER], *text;
	uint32_t id, n;

	if (len < 1 + sizeof id)
		return 0;
	memcpy(&id, data + 1, sizeof id);
	len -= 1 + sizeof id;
	text = malloc(len ? len : 1); /* of exact size, so that reading past the end is seen */
	if (!text)
		return 0;
	memcpy(text, data + 1 + sizeof id, len);
	n = accounts_read(data[0] & 1 ? ACCOUNT_GROUP : ACCOUNT_USER, text, len, id, ret);
	if (n)
		check_answer(ret, n);
	free(text);
	return 0;
}
