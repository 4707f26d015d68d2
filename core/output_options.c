#include "output_options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One value of the map: where it is, what it has to be, where it goes. */
enum option_type { OPTION_COUNT, OPTION_TIME, OPTION_SIZE, OPTION_TEXT };

struct option {
	const char *path;
	enum option_type type;
	uint64_t min, max;
	void *ret; /* uint32_t, uint32_t of milliseconds, uint64_t, const char * */
};

static const char *const own_keys[] = {"delivery", "queue",       "batching", "retry",
				       "breaker",  "dead_letter", "drain"};

bool output_options_has(struct str key)
{
	for (size_t i = 0; i < sizeof(own_keys) / sizeof(own_keys[0]); i++)
		if (str_is(key, own_keys[i]))
			return true;
	return false;
}

static const struct config_node *find(const struct config_node *n, const char *path)
{
	const struct config_node *ret = NULL;
	struct err ignored = ERR_NULL;

	if (!n || config_node_find(n, str_from(path), &ret, &ignored) < 0)
		return NULL;
	return ret && ret->kind != CONFIG_NULL ? ret : NULL;
}

static int refuse(const struct config_node *n, const char *path, struct err *err, const char *want)
{
	if (n->kind == CONFIG_SCALAR)
		err_set(err, 0, 0, "'%s: %.*s': %s", path, (int)(n->text.len & 255), n->text.p,
			want);
	else
		err_set(err, 0, 0, "'%s': %s", path, want);
	config_place_context(n->place, err);
	return -EINVAL;
}

static int read_number(const struct option *o, const struct config_node *n, uint64_t *ret)
{
	if (n->kind != CONFIG_SCALAR)
		return -EINVAL;
	if (o->type == OPTION_TIME)
		return config_duration_ms(n->text, ret);
	return o->type == OPTION_SIZE ? config_bytes(n->text, ret) : config_node_u64(n, ret);
}

static int read_option(const struct option *o, const struct config_node *map, struct err *err)
{
	static const char *const wants[] = {
		"it should be a number", "it should be a time: 500ms, 30s",
		"it should be a size: 65536, 64MiB", "it should be text"};
	const struct config_node *n = find(map, o->path);
	char text[80];
	uint64_t v = 0;

	if (!n)
		return 0;
	if (o->type == OPTION_TEXT) {
		if (n->kind != CONFIG_SCALAR || n->text.len == 0)
			return refuse(n, o->path, err, wants[o->type]);
		*(const char **)o->ret = n->text.p;
		return 0;
	}
	if (read_number(o, n, &v) < 0)
		return refuse(n, o->path, err, wants[o->type]);
	if (v < o->min || v > o->max) {
		(void)snprintf(text, sizeof(text), "it should be %llu to %llu%s",
			       (unsigned long long)o->min, (unsigned long long)o->max,
			       o->type == OPTION_TIME   ? " ms"
			       : o->type == OPTION_SIZE ? " bytes"
							: "");
		return refuse(n, o->path, err, text);
	}
	if (o->type == OPTION_SIZE)
		*(uint64_t *)o->ret = v;
	else
		*(uint32_t *)o->ret = (uint32_t)v;
	return 0;
}

static int read_delivery(const struct config_node *map, struct output_setup *ret, struct err *err)
{
	const struct config_node *n = find(map, "delivery");

	if (!n || (n->kind == CONFIG_SCALAR && str_is(n->text, "best_effort")))
		ret->delivery = OUTPUT_BEST_EFFORT;
	else if (n->kind == CONFIG_SCALAR && str_is(n->text, "delivered"))
		ret->delivery = OUTPUT_DELIVERED;
	else
		return refuse(n, "delivery", err, "it should be best_effort or delivered");
	return 0;
}

static int read_policy(const struct config *c, const struct config_node *map, bool blocks,
		       struct output_setup *ret, struct err *err)
{
	const struct config_node *n = find(map, "queue.when_full");
	const struct config_node global = {
		.kind = CONFIG_SCALAR, .text = str_from(config_str(c, "outputs_queue.when_full"))};
	const bool is_own = n != NULL;

	n = n ? n : &global;
	if (n->kind != CONFIG_SCALAR)
		return refuse(n, "queue.when_full", err, "it should be text");
	if (str_is(n->text, "block"))
		ret->policy = QUEUE_BLOCK;
	else if (str_is(n->text, "drop") || str_is(n->text, "drop_newest"))
		ret->policy = QUEUE_DROP_NEWEST;
	else if (str_is(n->text, "drop_oldest"))
		ret->policy = QUEUE_DROP_OLDEST;
	else if (str_is(n->text, "auto"))
		ret->policy = blocks ? QUEUE_BLOCK : QUEUE_DROP_NEWEST;
	else
		return refuse(n, "queue.when_full", err,
			      "it should be auto, block, drop_newest or drop_oldest");
	if (ret->delivery == OUTPUT_BEST_EFFORT)
		return 0;
	if (ret->delivery == OUTPUT_DELIVERED && is_own && !str_is(n->text, "auto") &&
	    ret->policy != QUEUE_BLOCK)
		return refuse(n, "queue.when_full", err,
			      "'delivery: delivered' drops nothing: it should be block");
	if (!is_own || str_is(n->text, "auto"))
		ret->policy = QUEUE_BLOCK;
	return 0;
}

int output_options_read(const struct config *c, const struct config_node *n, bool blocks,
			struct output_setup *ret, struct err *err)
{
	struct pace_setup *p = &ret->pace;
	const struct option options[] = {
		{"queue.capacity", OPTION_COUNT, 1, OUTPUT_CAPACITY_MAX, &ret->capacity},
		{"queue.capacity_bytes", OPTION_SIZE, 4096, 1ULL << 40, &ret->cap_bytes},
		{"batching.max", OPTION_COUNT, 1, OUTPUT_BATCH_MAX, &ret->batch_max},
		{"batching.linger", OPTION_TIME, 0, 600000, &ret->linger_ms},
		{"retry.tries", OPTION_COUNT, 0, UINT32_MAX, &ret->tries},
		{"retry.min", OPTION_TIME, 1, 3600000, &p->pause_min_ms},
		{"retry.max", OPTION_TIME, 1, 3600000, &p->pause_max_ms},
		{"breaker.failures", OPTION_COUNT, 0, UINT32_MAX, &p->failures},
		{"breaker.pause", OPTION_TIME, 1, 3600000, &p->open_ms},
		{"dead_letter.file", OPTION_TEXT, 0, 0, &ret->dead_letter},
		{"dead_letter.max_bytes", OPTION_SIZE, 4096, 1ULL << 50, &ret->dead_letter_bytes},
		{"drain", OPTION_TIME, 1, 3600000, &ret->drain_ms},
	};
	const struct option global = {"outputs_queue.capacity", OPTION_COUNT, 0,
				      OUTPUT_CAPACITY_MAX, &ret->capacity};
	int r = 0;

	p->failures = OUTPUT_FAILURES;
	p->open_ms = OUTPUT_OPEN_MS;
	r = read_option(&global, c->root, err);
	if (ret->capacity == 0)
		ret->capacity = OUTPUT_CAPACITY;
	if (r == 0)
		(void)config_bytes(str_from(config_str(c, "outputs_queue.capacity_bytes")),
				   &ret->cap_bytes);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && r == 0; i++)
		r = read_option(&options[i], n, err);
	if (r == 0)
		r = read_delivery(n, ret, err);
	return r < 0 ? r : read_policy(c, n, blocks, ret, err);
}
