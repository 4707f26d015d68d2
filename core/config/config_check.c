/*
 * config_check: what keys there are, and whether what was written fits them.
 *
 * The table is flat; its paths imply the maps and lists on the way. The check walks the tree and
 * carries the path as a pattern ("plugins[].name"), so that one look-up by text finds the row.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "util/nearest.h"

enum config_type {
	TYPE_ANY,
	TYPE_BOOL,
	TYPE_UINT,
	TYPE_NUMBER,
	TYPE_STR,
	TYPE_STRINGS,
	TYPE_CHOICE,
	TYPE_PRIORITY,
	TYPE_DURATION,
	TYPE_BYTES,
	TYPE_ADDRESS,
	TYPE_GONE,
};

struct config_key {
	const char *path;
	enum config_type type;
	const char *choices; /* 'a|b|c' */
	const char *value;   /* default */
	const char *asks;
	const char *desc;
};

#define ANY TYPE_ANY, NULL
#define BOOL TYPE_BOOL, NULL
#define UINT TYPE_UINT, NULL
#define NUMBER TYPE_NUMBER, NULL
#define STR_TYPE TYPE_STR, NULL
#define STRINGS TYPE_STRINGS, NULL
#define CHOICE(list) TYPE_CHOICE, list
#define PRIORITY TYPE_PRIORITY, PRIORITIES
#define DURATION TYPE_DURATION, NULL
#define BYTES TYPE_BYTES, NULL
#define ADDRESS TYPE_ADDRESS, NULL
#define GONE TYPE_GONE, NULL
#define PRIORITIES \
	"emergency|alert|critical|error|warning|notice|info|informational|information|debug"
#pragma push_macro("STR")
#undef STR
#define STR TYPE_STR, NULL
#define CONFIG_KEY(path, type, value, asks, desc) CONFIG_KEY_ROW(path, type, value, asks, desc)
#define CONFIG_KEY_ROW(path_, type_, choices_, value_, asks_, desc_) \
	{.path = path_,                                              \
	 .type = type_,                                              \
	 .choices = choices_,                                        \
	 .value = value_,                                            \
	 .asks = asks_,                                              \
	 .desc = desc_},
static const struct config_key keys[] = {
#include "config/config_keys.def"
};
#pragma pop_macro("STR")

enum { N_KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct config_key *key_find(struct str pattern)
{
	for (uint32_t i = 0; i < N_KEYS; i++)
		if (str_is(pattern, keys[i].path))
			return &keys[i];
	return NULL;
}

/* Whether rows lie below @pattern. */
static bool key_leads_on(struct str pattern)
{
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct str path = str_from(keys[i].path);

		if (path.len > pattern.len && str_starts(path, pattern) &&
		    (path.p[pattern.len] == '.' || path.p[pattern.len] == '['))
			return true;
	}
	return false;
}

/* The name in the table nearest to @name among those directly below @prefix ("" or "a.b."). */
static struct str key_nearest(struct str prefix, struct str name)
{
	struct nearest near;

	nearest_init(&near, name);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct str part = str_from(keys[i].path);

		if (!str_starts(part, prefix))
			continue;
		part = str_from_at(part, prefix.len);
		part.len = strcspn(part.p, ".[");
		nearest_offer(&near, part);
	}
	return near.best;
}

int config_node_bool(const struct config_node *n, bool *ret)
{
	static const char *const yes[] = {"true", "yes", "on", "y"};
	static const char *const no[] = {"false", "no", "off", "n"};

	if (n->kind != CONFIG_SCALAR)
		return -EINVAL;
	for (uint32_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		bool is_yes = strcasecmp(n->text.p, yes[i]) == 0;

		if (is_yes || strcasecmp(n->text.p, no[i]) == 0) {
			*ret = is_yes;
			return 0;
		}
	}
	return -EINVAL;
}

int config_node_u64(const struct config_node *n, uint64_t *ret)
{
	char *end;
	unsigned long long v;

	if (n->kind != CONFIG_SCALAR || n->text.len == 0 || !isdigit((unsigned char)n->text.p[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(n->text.p, &end, 10);
	if (errno || end != n->text.p + n->text.len)
		return -EINVAL;
	*ret = v;
	return 0;
}

int config_node_double(const struct config_node *n, double *ret)
{
	char *end;
	double v;

	if (n->kind != CONFIG_SCALAR || n->text.len == 0)
		return -EINVAL;
	v = strtod(n->text.p, &end);
	if (end != n->text.p + n->text.len)
		return -EINVAL;
	*ret = v;
	return 0;
}

int config_duration_ms(struct str text, uint64_t *ret_ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"y", 31536000000}, {"w", 604800000}, {"d", 86400000}, {"h", 3600000},
		     {"m", 60000},       {"s", 1000},      {"ms", 1}};
	uint64_t total = 0;
	size_t at = 0, unit = 0;

	while (at < text.len) {
		uint64_t n = 0;
		size_t digits = at, len = 0;

		while (at < text.len && isdigit((unsigned char)text.p[at]) && at - digits < 9)
			n = n * 10 + (uint64_t)(text.p[at++] - '0');
		while (at + len < text.len && isalpha((unsigned char)text.p[at + len]))
			len++;
		while (unit < 7 && !str_is((struct str){text.p + at, len}, units[unit].unit))
			unit++;
		if (at == digits || unit == 7)
			return -EINVAL;
		total += n * units[unit++].ms;
		at += len;
	}
	if (text.len == 0)
		return -EINVAL;
	*ret_ms = total;
	return 0;
}

int config_bytes(struct str text, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {{"", 1},
		     {"B", 1},
		     {"KiB", 1 << 10},
		     {"MiB", 1 << 20},
		     {"GiB", 1 << 30},
		     {"TiB", 1ULL << 40},
		     {"kB", 1000},
		     {"KB", 1000},
		     {"MB", 1000000},
		     {"GB", 1000000000},
		     {"TB", 1000000000000}};
	uint64_t n = 0;
	size_t at = 0;

	for (; at < text.len && isdigit((unsigned char)text.p[at]) && at < 15; at++)
		n = n * 10 + (uint64_t)(text.p[at] - '0');
	for (size_t i = 0; at && i < sizeof(units) / sizeof(units[0]); i++)
		if (str_is(str_from_at(text, at), units[i].unit) &&
		    n <= UINT64_MAX / units[i].bytes) {
			*ret = n * units[i].bytes;
			return 0;
		}
	return -EINVAL;
}

static bool in_choices(struct str text, const char *choices, bool any_case)
{
	for (const char *c = choices; c;) {
		size_t len = strcspn(c, "|");

		if (len == text.len &&
		    (any_case ? strncasecmp(c, text.p, len) : memcmp(c, text.p, len)) == 0)
			return true;
		c = c[len] ? c + len + 1 : NULL;
	}
	return false;
}

static bool is_address(struct str text)
{
	struct in6_addr a;

	return inet_pton(AF_INET, text.p, &a) == 1 || inet_pton(AF_INET6, text.p, &a) == 1;
}

static bool is_strings(const struct config_node *n)
{
	if (n->kind == CONFIG_SCALAR)
		return true;
	if (n->kind != CONFIG_SEQ)
		return false;
	for (const struct config_node *c = n->first; c; c = c->next)
		if (c->kind != CONFIG_SCALAR)
			return false;
	return true;
}

/* What a value of a type should be; NULL: it may be anything. Choices say it themselves. */
static const char *const wanted[] = {
	[TYPE_BOOL] = "true or false",
	[TYPE_UINT] = "a number, 0 or more",
	[TYPE_NUMBER] = "a number",
	[TYPE_STR] = "text",
	[TYPE_STRINGS] = "a list of texts",
	[TYPE_DURATION] = "a time such as 30s or 1h30m",
	[TYPE_BYTES] = "a size such as 65536 or 64MiB",
	[TYPE_ADDRESS] = "an IP address",
	[TYPE_ANY] = NULL,
	[TYPE_GONE] = NULL,
};

static bool fits(const struct config_key *k, const struct config_node *n)
{
	uint64_t u;
	double d;
	bool b;

	if (k->type == TYPE_STRINGS)
		return is_strings(n);
	if (n->kind != CONFIG_SCALAR)
		return false;
	switch (k->type) {
	case TYPE_BOOL:
		return config_node_bool(n, &b) == 0;
	case TYPE_UINT:
		return config_node_u64(n, &u) == 0;
	case TYPE_NUMBER:
		return config_node_double(n, &d) == 0;
	case TYPE_CHOICE:
	case TYPE_PRIORITY:
		return in_choices(n->text, k->choices, k->type == TYPE_PRIORITY);
	case TYPE_DURATION:
		return config_duration_ms(n->text, &u) == 0;
	case TYPE_BYTES:
		return config_bytes(n->text, &u) == 0;
	case TYPE_ADDRESS:
		return is_address(n->text);
	default:
		return true;
	}
}

/* NULL when @n fits, otherwise what it should be. */
static const char *misfit(const struct config_key *k, const struct config_node *n)
{
	const bool is_choice = k->type == TYPE_CHOICE || k->type == TYPE_PRIORITY;
	const char *want = is_choice ? k->choices : wanted[k->type];

	return !want || fits(k, n) ? NULL : want;
}

static int check_value(struct config *c, const struct config_key *k, const struct config_node *n,
		       struct err *err)
{
	const char *want = misfit(k, n);
	struct str shown = n->kind == CONFIG_SCALAR ? n->text : STR("...");

	if (want) {
		err_set(err, 0, 0, "'%s: %.*s': it should be %s", k->path, (int)(shown.len & 255),
			shown.p, want);
		config_place_context(n->place, err);
		return -EINVAL;
	}
	if (k->type == TYPE_GONE)
		config_note(c, n->place, "'%s' %s", k->path, k->desc);
	else if (k->asks && strcmp(k->asks, "*") != 0 &&
		 !(n->kind == CONFIG_SCALAR && *k->asks && in_choices(n->text, k->asks, false)))
		config_note(c, n->place, "'%s: %.*s': this version does not do it yet", k->path,
			    STR_FMT(shown));
	return 0;
}

static void note_unknown(struct config *c, struct str pattern, size_t prefix_len,
			 const struct config_node *n)
{
	struct str near =
		key_nearest((struct str){pattern.p, prefix_len}, str_from_at(pattern, prefix_len));

	if (near.p)
		config_note(c, n->place, "unknown key '%.*s' (did you mean '%.*s'?)",
			    STR_FMT(pattern), STR_FMT(near));
	else
		config_note(c, n->place, "unknown key '%.*s'", STR_FMT(pattern));
}

static int check_node(struct config *c, const struct config_node *n, struct buf *pattern,
		      struct err *err);

bool config_key_of_output(struct str key)
{
	return key.len > 7 && memcmp(key.p + key.len - 7, "_output", 7) == 0;
}

static void note_no_map(struct config *c, const struct config_node *n)
{
	struct str near = key_nearest(STR(""), n->key);

	config_note(c, n->place,
		    "'%.*s' is no key: %s%.*s%s an output is a map, '%.*s: {enabled: true}'",
		    STR_FMT(n->key), near.p ? "did you mean '" : "", STR_FMT(near),
		    near.p ? "'?" : "", STR_FMT(n->key));
}

static int check_child(struct config *c, const struct config_node *parent,
		       const struct config_node *n, struct buf *pattern, struct err *err)
{
	size_t old = pattern->len, name;
	int r = 0;

	if (parent->kind == CONFIG_SEQ)
		buf_add_cstr(pattern, "[]");
	else if (old)
		buf_add_char(pattern, '.');
	name = pattern->len;
	buf_add_str(pattern, n->key);
	if (pattern->failed)
		return -ENOMEM;
	if (key_find(buf_str(pattern)) || key_leads_on(buf_str(pattern)))
		r = check_node(c, n, pattern, err);
	else if (!old && config_key_of_output(n->key) && n->kind == CONFIG_SCALAR)
		note_no_map(c, n);
	else if (old || !config_key_of_output(n->key))
		note_unknown(c, buf_str(pattern), name, n);
	pattern->len = old;
	return r;
}

static int check_node(struct config *c, const struct config_node *n, struct buf *pattern,
		      struct err *err)
{
	const struct config_key *k = key_find(buf_str(pattern));
	int r = 0;

	if (n->kind == CONFIG_NULL)
		return 0;
	if (k)
		return check_value(c, k, n, err);
	if (n->kind == CONFIG_SCALAR) {
		err_set(err, 0, 0, "'%.*s' holds further keys, not one value",
			STR_FMT(buf_str(pattern)));
		config_place_context(n->place, err);
		return -EINVAL;
	}
	for (const struct config_node *child = n->first; child && r == 0; child = child->next)
		r = check_child(c, n, child, pattern, err);
	return r;
}

/* A relative library path may not leave the folder of plugins. */
static int check_library(const struct config_node *path, struct err *err)
{
	int depth = 0;

	if (!path || path->kind != CONFIG_SCALAR || path->text.p[0] == '/')
		return 0;
	for (const char *p = path->text.p; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (len && !(len == 1 && p[0] == '.'))
			depth++;
		if (depth < 0) {
			err_set(err, 0, 0, "library_path '%s' leaves the folder of plugins",
				path->text.p);
			config_place_context(path->place, err);
			return -EINVAL;
		}
		p += len + (p[len] == '/');
	}
	return 0;
}

int config_check(struct config *c, struct err *err)
{
	const struct config_node *plugins = config_at(c, "plugins");
	const struct config_node *old = config_at(c, "rules_file");
	struct buf pattern;
	int r;

	buf_init(&pattern, 4096);
	r = check_node(c, c->root, &pattern, err);
	buf_deinit(&pattern);
	for (const struct config_node *p = plugins ? plugins->first : NULL; p && r == 0;
	     p = p->next)
		r = check_library(config_node_child(p, STR("library_path")), err);
	if (r == 0 && old && config_at(c, "rules_files")) {
		err_set(err, 0, 0,
			"rules_file and rules_files are one key in two spellings: keep one");
		config_place_context(old->place, err);
		r = -EINVAL;
	}
	return r;
}

const struct config_node *config_at(const struct config *c, const char *path)
{
	const struct config_node *n = NULL;
	struct err err = ERR_NULL;

	if (!c->root || config_node_find(c->root, str_from(path), &n, &err) < 0)
		return NULL;
	return n && n->kind != CONFIG_NULL ? n : NULL;
}

/* The scalar at @path, or one made of the default in the table. */
static struct config_node scalar_at(const struct config *c, const char *path)
{
	const struct config_node *n = config_at(c, path);
	const struct config_key *k = key_find(str_from(path));

	if (n)
		return *n;
	return (struct config_node){.kind = CONFIG_SCALAR, .text = str_from(k ? k->value : NULL)};
}

bool config_bool(const struct config *c, const char *path)
{
	struct config_node n = scalar_at(c, path);
	bool b = false;

	(void)(n.text.p ? config_node_bool(&n, &b) : 0);
	return b;
}

uint64_t config_u64(const struct config *c, const char *path)
{
	struct config_node n = scalar_at(c, path);
	uint64_t v = 0;

	(void)(n.text.p ? config_node_u64(&n, &v) : 0);
	return v;
}

const char *config_str(const struct config *c, const char *path)
{
	return scalar_at(c, path).text.p;
}

/* --- the schema ------------------------------------------------------------------------------- */

static void schema_value(struct buf *b, const struct config_key *k)
{
	static const char *const types[] = {
		[TYPE_ANY] = "",
		[TYPE_BOOL] = "\"type\":\"boolean\"",
		[TYPE_UINT] = "\"type\":\"integer\",\"minimum\":0",
		[TYPE_NUMBER] = "\"type\":\"number\"",
		[TYPE_STR] = "\"type\":\"string\"",
		[TYPE_STRINGS] = "\"type\":[\"array\",\"string\"],\"items\":{\"type\":\"string\"}",
		[TYPE_CHOICE] = "\"type\":\"string\"",
		[TYPE_PRIORITY] = "\"type\":\"string\"",
		[TYPE_DURATION] = "\"type\":\"string\"",
		[TYPE_BYTES] = "\"type\":[\"string\",\"integer\"]",
		[TYPE_ADDRESS] = "\"type\":\"string\"",
		[TYPE_GONE] = "",
	};

	buf_printf(b, "{%s%s", types[k->type], types[k->type][0] ? "," : "");
	if (k->type == TYPE_CHOICE) {
		buf_add_cstr(b, "\"enum\":[");
		for (const char *c = k->choices; *c;) {
			size_t len = strcspn(c, "|");

			buf_printf(b, "\"%.*s\"%s", (int)len, c, c[len] ? "," : "],");
			c += len + (c[len] == '|');
		}
	}
	buf_add_cstr(b, "\"description\":\"");
	buf_add_json(b, str_from(k->desc));
	buf_add_cstr(b, "\"}");
}

/* The object of all rows below @prefix ("" or "a.b." or "a[]."); its depth is that of the table. */
static void schema_object(struct buf *b, struct str prefix)
{
	struct str last = {0};

	buf_add_cstr(b, "{\"type\":\"object\",\"additionalProperties\":false,");
	if (prefix.len == 0)
		buf_add_cstr(
			b,
			"\"patternProperties\":{\"^[a-z0-9_-]+_output$\":{\"type\":\"object\"}},");
	buf_add_cstr(b, "\"properties\":{");
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct str path = str_from(keys[i].path), name;
		size_t below;

		if (!str_starts(path, prefix))
			continue;
		name = str_from_at(path, prefix.len);
		name.len = strcspn(name.p, ".[");
		if (str_eq(name, last))
			continue;
		buf_printf(b, "%s\"%.*s\":", last.len ? "," : "", STR_FMT(name));
		last = name;
		below = prefix.len + name.len;
		if (path.len == below) {
			schema_value(b, &keys[i]);
		} else if (path.p[below] == '[') {
			buf_add_cstr(b, "{\"type\":\"array\",\"items\":");
			schema_object(b, (struct str){path.p, below + 3});
			buf_add_char(b, '}');
		} else {
			schema_object(b, (struct str){path.p, below + 1});
		}
	}
	buf_add_cstr(b, "}}");
}

void config_schema(struct buf *b)
{
	schema_object(b, (struct str){"", 0});
}
