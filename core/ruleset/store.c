/*
 * store: what the loader read, and room for what it makes of it.
 */
#include "ruleset/decl.h"

#include <errno.h>

#include "util/mem.h"

struct store *store_new(void)
{
	return mem_new(sizeof(struct store));
}

struct store *store_free(struct store *s)
{
	if (!s)
		return NULL;
	for (uint32_t i = 0; i < s->n_files; i++)
		yaml_close(s->files[i]);
	strmap_deinit(&s->lists);
	strmap_deinit(&s->macros);
	strmap_deinit(&s->rules);
	arena_deinit(&s->arena);
	mem_free(s);
	return NULL;
}

int store_grow(struct store *s, void *items, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap ? *cap * 2 : 4;
	void *old, *bigger;

	if (n < *cap)
		return 0;
	if (more < *cap)
		return -ENOMEM;
	memcpy(&old, items, sizeof old);
	bigger = arena_alloc(&s->arena, more * size);
	if (!bigger)
		return -ENOMEM;
	if (n)
		memcpy(bigger, old, n * size);
	memcpy(items, &bigger, sizeof bigger);
	*cap = more;
	return 0;
}

int version_parse(struct str text, uint32_t ret[3])
{
	uint32_t v[3] = {0};
	size_t i = 0;

	for (int part = 0; part < 3; part++) {
		size_t first = i;

		for (; i < text.len && text.p[i] >= '0' && text.p[i] <= '9'; i++) {
			if (v[part] > (UINT32_MAX - 9) / 10)
				return -EINVAL;
			v[part] = v[part] * 10 + (uint32_t)(text.p[i] - '0');
		}
		if (i == first || (part < 2 && (i == text.len || text.p[i++] != '.')))
			return -EINVAL;
	}
	/* What follows is a pre-release or build, which does not count. */
	if (i < text.len && text.p[i] != '-' && text.p[i] != '+')
		return -EINVAL;
	memcpy(ret, v, sizeof v);
	return 0;
}

bool version_serves(const uint32_t have[3], const uint32_t want[3])
{
	if (have[0] != want[0])
		return false;
	return have[1] > want[1] || (have[1] == want[1] && have[2] >= want[2]);
}
