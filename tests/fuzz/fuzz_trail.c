/*
 * What is typed or listed in one line: a key of an object, an interval, the parameters of open.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "interval.h"
#include "origin.h"
#include "scope.h"
#include "trailkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {"eu-west-1", NULL};
	const struct trailkey_filter f = {.regions = names, .from = "20240102T0304"};
	const uint64_t now_ns = 1704164640000000000;
	char *text = malloc(len + 1), err[128];
	struct origin o;
	struct trailkey k;
	struct scope *s;
	uint64_t from, to;

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	k = trailkey_parse(text);
	(void)trailkey_unwanted(&f, &k);
	(void)trailkey_minute(&k);
	if (interval_parse(text, now_ns, &from, &to) == 0 && from > to)
		abort();
	if (origin_parse(text, &o, err, sizeof err) == 0 && strlen(o.prefix) >= sizeof o.prefix)
		abort();
	s = scope_new("b", text, scope_level(text));
	scope_start_at(s, 1704164640 / 60);
	(void)scope_free(s);
	trailkey_decode(text);
	free(text);
	return 0;
}
