/*
 * listing: pages of lists, as some server sends them.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"

static void on_object(void *arg, const struct listing_object *o)
{
	size_t *n = arg;

	*n += strlen(o->key) + strlen(o->etag);
}

static void on_prefix(void *arg, const char *prefix)
{
	size_t *n = arg;

	*n += strlen(prefix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t n = 0;
	const struct listing_sink sink = {
		.on_object = on_object, .on_prefix = on_prefix, .arg = &n};
	char token[LISTING_TOKEN];

	if (listing_read((const char *)data, len, &sink, token) == 0 &&
	    strlen(token) >= sizeof token)
		abort();
	return 0;
}
