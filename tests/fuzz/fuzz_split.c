/*
 * jsonsplit on any bytes in any chunks: what comes out does not depend on where the chunks end. The
 * first byte is the size of the chunks; each is a block of its own, so that reading past it shows.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jsonsplit.h"

enum {
	MAX_RECORD = 300,
};

struct digest {
	uint64_t hash, n;
};

static void add(struct digest *d, int r, const struct jsonsplit_record *rec)
{
	uint64_t h = d->hash ^ (uint64_t)r ^ rec->offset << 8;

	for (size_t i = 0; r == JSONSPLIT_RECORD && i < rec->len; i++)
		h = (h ^ (unsigned char)rec->p[i]) * 0x100000001b3U;
	d->hash = h * 0x100000001b3U;
	d->n++;
	if (r < 0 || (r == JSONSPLIT_RECORD && (rec->len < 2 || rec->len > MAX_RECORD)))
		abort();
}

static void feed(struct jsonsplit *s, const uint8_t *data, size_t n, struct digest *d)
{
	struct jsonsplit_record rec;
	char *chunk = malloc(n);
	const char *p = chunk;
	int r;

	if (!chunk)
		abort();
	memcpy(chunk, data, n);
	while ((r = jsonsplit_next(s, &p, chunk + n, &rec)) != JSONSPLIT_MORE)
		add(d, r, &rec);
	free(chunk);
}

static struct digest run(const uint8_t *data, size_t len, size_t chunk)
{
	struct digest d = {0};
	struct jsonsplit_record rec;
	struct jsonsplit s;
	int r;

	jsonsplit_init(&s, "Records", MAX_RECORD);
	for (size_t at = 0; at < len; at += chunk)
		feed(&s, data + at, len - at < chunk ? len - at : chunk, &d);
	r = jsonsplit_end(&s, &rec);
	if (r != JSONSPLIT_MORE)
		add(&d, r, &rec);
	jsonsplit_deinit(&s);
	return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct digest whole, parts;

	if (len < 2)
		return 0;
	whole = run(data + 1, len - 1, len);
	parts = run(data + 1, len - 1, (size_t)data[0] % 16 + 1);
	if (whole.hash != parts.hash || whole.n != parts.n)
		abort();
	return 0;
}
