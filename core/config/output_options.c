#include "config/output_options.h"

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

static const char *const own_keys[] = {"delivery",    "queue", "batching", "retry",   "breaker",
				       "dead_letter", "spool", "drain",    "template"};

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
	else if (n->kind == CONFIG_SCALAR && str_is(n->text, "spooled"))
		ret->delivery = OUTPUT_SPOOLED;
	else if (n->kind == CONFIG_SCALAR && str_is(n->text, "delivered"))
		ret->delivery = OUTPUT_DELIVERED;
	else
		return refuse(n, "delivery", err, "it should be best_effort, spooled or delivered");
	return 0;
}

#define SPILL "spill"

static int parse_policy(struct str text, bool blocks, enum queue_policy *ret)
{
	const enum queue_policy natural = blocks ? QUEUE_BLOCK : QUEUE_DROP_NEWEST;
	const struct {
		const char *name;
		enum queue_policy policy;
	} names[] = {
		{"auto", natural},
		{SPILL, natural},
		{"block", QUEUE_BLOCK},
		{"drop", QUEUE_DROP_NEWEST},
		{"drop_newest", QUEUE_DROP_NEWEST},
		{"drop_oldest", QUEUE_DROP_OLDEST},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(text, names[i].name)) {
			*ret = names[i].policy;
			return 0;
		}
	return -EINVAL;
}

/* What a full queue does, as the map of the output says, or what all outputs do. */
static struct str policy_text(const struct config *c, const struct config_node *map)
{
	const struct config_node *n = find(map, "queue.when_full");

	return n ? n->text : str_from(config_str(c, "outputs_queue.when_full"));
}

/* An output that promises delivery keeps its source waiting, unless its own map says otherwise. */
static int read_policy(const struct config *c, const struct config_node *map, bool blocks,
		       struct output_setup *ret, struct err *err)
{
	const struct config_node *own = find(map, "queue.when_full");
	const struct str text = policy_text(c, map);

	blocks |= ret->delivery != OUTPUT_BEST_EFFORT;
	if (parse_policy(text, blocks, &ret->policy) < 0)
		return refuse(own ? own : map, "queue.when_full", err,
			      "it should be auto, block, drop_newest, drop_oldest or spill");
	if (ret->delivery == OUTPUT_BEST_EFFORT)
		return 0;
	if (!own) {
		ret->policy = QUEUE_BLOCK;
		return 0;
	}
	if (str_is(text, SPILL))
		return refuse(own, "queue.when_full", err,
			      "spilling is for 'delivery: best_effort'");
	if (ret->delivery == OUTPUT_DELIVERED && ret->policy != QUEUE_BLOCK)
		return refuse(own, "queue.when_full", err,
			      "'delivery: delivered' drops nothing: it should be block");
	return 0;
}

static bool is_plain_name(const char *name)
{
	return name[0] != '.' && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789._-") == strlen(name);
}

/* Where the spool is, if there has to be one. */
static int read_spool(struct config *c, const struct config_node *map, struct output_setup *ret,
		      struct err *err)
{
	const bool spills =
		ret->delivery == OUTPUT_BEST_EFFORT && str_is(policy_text(c, map), SPILL);
	const struct config_node *n = find(map, "spool");
	struct spool_setup *s = &ret->spool;

	if (ret->delivery != OUTPUT_SPOOLED && !spills) {
		s->dir = NULL;
		return n ? refuse(n, "spool", err,
				  "it is for 'delivery: spooled' and 'when_full: spill'")
			 : 0;
	}
	if (s->max_bytes < 2 * (uint64_t)s->segment_bytes) {
		n = n ? n : map;
		return refuse(n, "spool.max_bytes", err,
			      "it should be at least twice spool.segment_bytes");
	}
	if (!s->dir && !is_plain_name(ret->name)) {
		err_set(err, 0, 0, "'spool.dir' is missing: '%s' is no name for a folder",
			ret->name);
		return -EINVAL;
	}
	if (!s->dir)
		s->dir = arena_printf(&c->arena, "%s/%s", OUTPUT_SPOOL_DIR, ret->name);
	return s->dir ? 0 : -ENOMEM;
}

int output_options_read(struct config *c, const struct config_node *n, bool blocks,
			struct output_setup *ret, struct err *err)
{
	struct pace_setup *p = &ret->pace;
	uint64_t segment_bytes = SPOOL_SEGMENT_BYTES;
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
		{"spool.dir", OPTION_TEXT, 0, 0, &ret->spool.dir},
		{"spool.max_bytes", OPTION_SIZE, 2 * SPOOL_MIN_SEGMENT_BYTES, 1ULL << 50,
		 &ret->spool.max_bytes},
		{"spool.segment_bytes", OPTION_SIZE, SPOOL_MIN_SEGMENT_BYTES, 1 << 30,
		 &segment_bytes},
		{"drain", OPTION_TIME, 1, 3600000, &ret->drain_ms},
	};
	const struct option global = {"outputs_queue.capacity", OPTION_COUNT, 0,
				      OUTPUT_CAPACITY_MAX, &ret->capacity};
	int r;

	p->failures = OUTPUT_FAILURES;
	p->open_ms = OUTPUT_OPEN_MS;
	ret->spool.max_bytes = SPOOL_MAX_BYTES;
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
	if (r == 0)
		r = read_policy(c, n, blocks, ret, err);
	ret->spool.segment_bytes = (uint32_t)segment_bytes;
	return r < 0 ? r : read_spool(c, n, ret, err);
}
