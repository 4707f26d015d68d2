/*
 * bulk: items and their statuses.
 */
#include "bulk.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <gyr/json.h>

static bool is_name(const struct gyr_json *v, const char *name)
{
	return v->len == strlen(name) && memcmp(v->p, name, v->len) == 0;
}

/* The member of an object: 0, or -EBADMSG. */
static int member(const struct gyr_json *object, const char *want, struct gyr_json *ret)
{
	struct gyr_json_iter it;
	struct gyr_json name, value;

	if (object->type != GYR_JSON_OBJECT)
		return -EBADMSG;
	gyr_json_iter_init(&it, object);
	while (gyr_json_next(&it, &name, &value) > 0) {
		if (!want || is_name(&name, want)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

/* {"create":{"status":201}}: the first and only member, whatever was done. */
static int item_status(const struct gyr_json *item, uint16_t *ret)
{
	struct gyr_json action, status;
	unsigned n = 0;

	if (member(item, NULL, &action) || member(&action, "status", &status) ||
	    status.type != GYR_JSON_NUMBER || status.len != 3)
		return -EBADMSG;
	for (uint32_t i = 0; i < status.len; i++) {
		if (status.p[i] < '0' || status.p[i] > '9')
			return -EBADMSG;
		n = n * 10 + (unsigned)(status.p[i] - '0');
	}
	*ret = (uint16_t)n;
	return 0;
}

int bulk_read(const char *text, size_t len, uint16_t *statuses, uint32_t n)
{
	struct gyr_json doc, items, item;
	struct gyr_json_iter it;
	uint32_t i = 0;
	size_t bad;

	if (len > INT32_MAX || gyr_json_validate(text, len, &bad) ||
	    gyr_json_value(text, len, &doc) || member(&doc, "items", &items) ||
	    items.type != GYR_JSON_ARRAY)
		return -EBADMSG;
	gyr_json_iter_init(&it, &items);
	while (gyr_json_next(&it, NULL, &item) > 0) {
		if (i == n || item_status(&item, &statuses[i]))
			return -EBADMSG;
		i++;
	}
	return i == n ? 0 : -EBADMSG;
}
