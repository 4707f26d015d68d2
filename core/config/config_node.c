/*
 * config_node: the tree of the configuration and its key paths.
 *
 * A path is read step by step by one cursor; find and make walk the same steps and differ only in
 * what they do where the tree ends.
 */
#include "config/config_node.h"

#include <errno.h>
#include <stdlib.h>

enum step_kind { STEP_NAME, STEP_INDEX, STEP_APPEND };

struct step {
	enum step_kind kind;
	char name[256];
	size_t len;
	uint32_t index;
};

struct path {
	struct str text;
	size_t at;
	bool started;
};

struct config_node *config_node_new(struct arena *a, enum config_kind kind,
				    struct config_place place)
{
	struct config_node *n = arena_alloc(a, sizeof(*n));

	if (!n)
		return NULL;
	n->kind = kind;
	n->place = place;
	return n;
}

void config_node_add(struct config_node *parent, struct str key, struct config_node *child)
{
	child->key = key;
	child->next = NULL;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

struct config_node *config_node_child(const struct config_node *map, struct str key)
{
	if (!map || map->kind != CONFIG_MAP)
		return NULL;
	for (struct config_node *n = map->first; n; n = n->next)
		if (str_eq(n->key, key))
			return n;
	return NULL;
}

const char *config_node_text(const struct config_node *map, struct str key)
{
	const struct config_node *n = config_node_child(map, key);

	return n && n->kind == CONFIG_SCALAR ? n->text.p : NULL;
}

uint32_t config_node_count(const struct config_node *n)
{
	uint32_t count = 0;

	for (const struct config_node *c = n ? n->first : NULL; c; c = c->next)
		count++;
	return count;
}

struct config_node *config_node_remove(struct config_node *map, struct str key)
{
	struct config_node *before = NULL;

	for (struct config_node *n = map->first; n; before = n, n = n->next) {
		if (!str_eq(n->key, key))
			continue;
		if (before)
			before->next = n->next;
		else
			map->first = n->next;
		if (map->last == n)
			map->last = before;
		n->next = NULL;
		return n;
	}
	return NULL;
}

static struct config_node *config_node_at(const struct config_node *seq, uint32_t index)
{
	if (!seq || seq->kind != CONFIG_SEQ)
		return NULL;
	for (struct config_node *n = seq->first; n; n = n->next)
		if (index-- == 0)
			return n;
	return NULL;
}

/* "[n]" or "[]" at the cursor. */
static int path_index(struct path *p, struct step *ret, struct err *err)
{
	size_t start = p->at++;
	uint64_t index = 0;
	size_t digits = 0;

	for (; p->at < p->text.len && p->text.p[p->at] != ']'; p->at++, digits++) {
		unsigned char d = (unsigned char)(p->text.p[p->at] - '0');

		if (d > 9 || digits > 6) {
			err_set(err, start, p->at - start + 1,
				"key '%.*s': an index is a number in brackets", STR_FMT(p->text));
			err_hint(err, "write '\\[' for a bracket that belongs to the name");
			return -EINVAL;
		}
		index = index * 10 + d;
	}
	if (p->at == p->text.len) {
		err_set(err, start, p->at - start, "key '%.*s': '[' is not closed",
			STR_FMT(p->text));
		return -EINVAL;
	}
	p->at++;
	*ret = (struct step){.kind = digits ? STEP_INDEX : STEP_APPEND, .index = (uint32_t)index};
	return 0;
}

static int path_escape(struct path *p, struct step *s, struct err *err)
{
	char c = p->at + 1 < p->text.len ? p->text.p[p->at + 1] : 0;

	if (c != '.' && c != '[' && c != ']' && c != '\\') {
		err_set(err, p->at, 2, "key '%.*s': '\\' may stand before . [ ] and \\ only",
			STR_FMT(p->text));
		return -EINVAL;
	}
	s->name[s->len++] = c;
	p->at += 2;
	return 0;
}

static int path_name(struct path *p, struct step *ret, struct err *err)
{
	size_t start = p->at;

	ret->kind = STEP_NAME;
	ret->len = 0;
	while (p->at < p->text.len && p->text.p[p->at] != '.' && p->text.p[p->at] != '[') {
		if (ret->len >= sizeof(ret->name) - 1) {
			err_set(err, start, p->at - start, "key '%.64s...': a name is too long",
				p->text.p);
			return -EINVAL;
		}
		if (p->text.p[p->at] == '\\') {
			int r = path_escape(p, ret, err);

			if (r < 0)
				return r;
			continue;
		}
		ret->name[ret->len++] = p->text.p[p->at++];
	}
	if (ret->len == 0) {
		err_set(err, start, 1, "key '%.*s': a name is empty", STR_FMT(p->text));
		return -EINVAL;
	}
	return 0;
}

/* The next step: 1 and *ret, or 0 at the end of the path. */
static int path_next(struct path *p, struct step *ret, struct err *err)
{
	int r;

	if (p->started && p->at == p->text.len)
		return 0;
	if (p->started && p->text.p[p->at] == '[') {
		r = path_index(p, ret, err);
		return r < 0 ? r : 1;
	}
	if (p->started && p->text.p[p->at] != '.') {
		err_set(err, p->at, 1, "key '%.*s': '.' or '[' must follow ']'", STR_FMT(p->text));
		return -EINVAL;
	}
	if (p->started)
		p->at++;
	p->started = true;
	r = path_name(p, ret, err);
	return r < 0 ? r : 1;
}

static struct config_node *step_take(const struct config_node *n, const struct step *s)
{
	switch (s->kind) {
	case STEP_NAME:
		return config_node_child(n, (struct str){s->name, s->len});
	case STEP_INDEX:
		return config_node_at(n, s->index);
	case STEP_APPEND:
		break;
	}
	return NULL;
}

int config_node_find(const struct config_node *root, struct str path,
		     const struct config_node **ret, struct err *err)
{
	struct path p = {.text = path};
	struct step s;
	int r;

	while ((r = path_next(&p, &s, err)) > 0)
		root = root ? step_take(root, &s) : NULL;
	if (r < 0)
		return r;
	*ret = root;
	return 0;
}

/* Turns a node that cannot have such a child into one that can. */
static void node_become(struct config_node *n, enum config_kind kind)
{
	if (n->kind == kind)
		return;
	n->kind = kind;
	n->text = (struct str){0};
	n->first = n->last = NULL;
}

static int step_make(struct config_node **n, const struct step *s, struct arena *a,
		     const struct path *p, struct err *err)
{
	struct config_node *child, *parent = *n;
	struct str key = {0};

	node_become(parent, s->kind == STEP_NAME ? CONFIG_MAP : CONFIG_SEQ);
	child = step_take(parent, s);
	if (!child) {
		uint32_t count = config_node_count(parent);

		if (s->kind == STEP_INDEX && s->index != count) {
			err_set(err, 0, p->at, "key '%.*s': the list has %u elements",
				STR_FMT(p->text), count);
			err_hint(err, "'[]' adds an element behind the last");
			return -EINVAL;
		}
		child = config_node_new(a, CONFIG_NULL, (struct config_place){0});
		if (s->kind == STEP_NAME)
			key = arena_str(a, (struct str){s->name, s->len});
		if (!child || (s->kind == STEP_NAME && !key.p))
			return -ENOMEM;
		config_node_add(parent, key, child);
	}
	*n = child;
	return 0;
}

int config_node_make(struct config_node *root, struct str path, struct arena *a,
		     struct config_node **ret, struct err *err)
{
	struct path p = {.text = path};
	struct step s;
	int r;

	while ((r = path_next(&p, &s, err)) > 0) {
		r = step_make(&root, &s, a, &p, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return r;
	*ret = root;
	return 0;
}

void config_node_assign(struct config_node *to, const struct config_node *from)
{
	to->kind = from->kind;
	to->quoted = from->quoted;
	to->text = from->text;
	to->first = from->first;
	to->last = from->last;
	to->place = from->place;
}

/* Whether @t is a number as JSON writes it (RFC 8259, 6). */
static bool is_json_number(struct str t)
{
	size_t i = 0, digits;

	if (i < t.len && t.p[i] == '-')
		i++;
	digits = i;
	while (i < t.len && t.p[i] >= '0' && t.p[i] <= '9')
		i++;
	if (i == digits || (t.p[digits] == '0' && i > digits + 1))
		return false;
	if (i < t.len && t.p[i] == '.') {
		digits = ++i;
		while (i < t.len && t.p[i] >= '0' && t.p[i] <= '9')
			i++;
		if (i == digits)
			return false;
	}
	return i == t.len;
}

static void scalar_json(struct buf *b, const struct config_node *n)
{
	bool bare = !n->quoted && (str_is(n->text, "true") || str_is(n->text, "false") ||
				   str_is(n->text, "null") || is_json_number(n->text));

	if (bare) {
		buf_add_str(b, n->text);
		return;
	}
	buf_add_char(b, '"');
	buf_add_json(b, n->text);
	buf_add_char(b, '"');
}

void config_node_json(struct buf *b, const struct config_node *n)
{
	bool map = n && n->kind == CONFIG_MAP;

	if (!n || n->kind == CONFIG_NULL) {
		buf_add_cstr(b, "null");
		return;
	}
	if (n->kind == CONFIG_SCALAR) {
		scalar_json(b, n);
		return;
	}
	buf_add_char(b, map ? '{' : '[');
	for (const struct config_node *c = n->first; c; c = c->next) {
		if (map) {
			buf_add_char(b, '"');
			buf_add_json(b, c->key);
			buf_add_cstr(b, "\":");
		}
		config_node_json(b, c);
		if (c->next)
			buf_add_char(b, ',');
	}
	buf_add_char(b, map ? '}' : ']');
}

void config_place_context(struct config_place p, struct err *err)
{
	if (p.line)
		err_context(err, "%s:%u:%u", p.file, p.line, p.column);
	else
		err_context(err, "-o");
}

int config_node_refuse(const struct config_node *n, struct err *err, const char *text)
{
	err_set(err, 0, 0, "%s", text);
	config_place_context(n->place, err);
	return -EINVAL;
}
