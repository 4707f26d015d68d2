/*
 * Reading the tree: maps by key, scalars as other types, and the way back from a value to its file.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "util/strmap.h"
#include "util/yaml.h"

const struct yaml_pair *yaml_get_pair(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_node *k = map->pairs[i].key;

		if (k->kind == YAML_SCALAR && str_is(k->text, key))
			return &map->pairs[i];
	}
	return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_pair *p = yaml_get_pair(map, key);

	return p ? p->value : NULL;
}

const struct yaml_pair *yaml_duplicate(const struct yaml_node *map)
{
	struct strmap seen = STRMAP_NULL;
	const struct yaml_pair *found = NULL;

	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->n && !found; i++) {
		struct yaml_pair *p = &map->pairs[i];

		if (p->key->kind == YAML_SCALAR && strmap_add(&seen, p->key->text, p) == -EEXIST)
			found = p;
	}
	strmap_deinit(&seen);
	return found;
}

int yaml_bool(const struct yaml_node *n, bool *ret)
{
	static const char *const yes[] = {"true", "yes", "on", "y"};
	static const char *const no[] = {"false", "no", "off", "n"};

	if (!n || n->kind != YAML_SCALAR)
		return -EINVAL;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (n->text.len == strlen(yes[i]) && strcasecmp(n->text.p, yes[i]) == 0) {
			*ret = true;
			return 0;
		}
		if (n->text.len == strlen(no[i]) && strcasecmp(n->text.p, no[i]) == 0) {
			*ret = false;
			return 0;
		}
	}
	return -EINVAL;
}

int yaml_u64(const struct yaml_node *n, uint64_t *ret)
{
	uint64_t v = 0;

	if (!n || n->kind != YAML_SCALAR || n->text.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < n->text.len; i++) {
		char c = n->text.p[i];

		if (c < '0' || c > '9' || v > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
			return -EINVAL;
		v = v * 10 + (uint64_t)(c - '0');
	}
	*ret = v;
	return 0;
}

int yaml_double(const struct yaml_node *n, double *ret)
{
	char *end;
	double v;

	if (!n || n->kind != YAML_SCALAR || n->text.len == 0)
		return -EINVAL;
	v = strtod(n->text.p, &end);
	if (end != n->text.p + n->text.len)
		return -EINVAL;
	*ret = v;
	return 0;
}

const char *yaml_kind_name(const struct yaml_node *n)
{
	switch (n ? n->kind : YAML_NULL) {
	case YAML_SCALAR:
		return "a scalar";
	case YAML_SEQ:
		return "a list";
	case YAML_MAP:
		return "a map";
	default:
		return "nothing";
	}
}
