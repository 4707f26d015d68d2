/*
 * json: the reader (pointers to trie, cache of one document) and walking values by hand.
 *
 * The trie is built once all pointers are known: adding one only notes the key; the hash tables of
 * the children are laid out at the first get. Nothing is allocated after that. A node is entered at
 * most once in a pass (the first of two members with one name counts), so what a pass found is told
 * by a stamp in the node, and forgetting a document means counting the epoch up.
 */
#include "gyr/json.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "json_impl.h"

static _Atomic(const struct json_ops *) json_chosen;

static bool json_has_avx2(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
	       __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt");
#else
	return false;
#endif
}

const struct json_ops *gyr__json_ops(void)
{
	const struct json_ops *ops = atomic_load_explicit(&json_chosen, memory_order_relaxed);

	if (ops)
		return ops;
	ops = json_has_avx2() ? &gyr__json_avx2 : &gyr__json_swar;
	atomic_store_explicit(&json_chosen, ops, memory_order_relaxed);
	return ops;
}

int gyr__json_use(int level)
{
	if (level > 0 && !json_has_avx2())
		return -ENOTSUP;
	atomic_store_explicit(&json_chosen, level > 0 ? &gyr__json_avx2 : &gyr__json_swar,
			      memory_order_relaxed);
	return 0;
}

/* ---- building ---- */

/* Makes room for @n elements of @size bytes. */
static int json_grow(void *pp, uint32_t *cap, uint64_t n, size_t size)
{
	void **p = pp;
	uint64_t want = *cap ? *cap : 16;
	void *grown;

	if (n <= *cap)
		return 0;
	while (want < n)
		want *= 2;
	if (want > UINT32_MAX / 2)
		return -E2BIG;
	grown = realloc(*p, want * size);
	if (!grown)
		return -ENOMEM;
	*p = grown;
	*cap = (uint32_t)want;
	return 0;
}

struct gyr_json_reader *gyr_json_reader_new(void)
{
	struct gyr_json_reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	if (json_grow(&r->nodes, &r->cap_nodes, 1, sizeof *r->nodes))
		return gyr_json_reader_free(r);
	r->nodes[0] = (struct json_node){.index = UINT32_MAX};
	r->n_nodes = 1;
	return r;
}

struct gyr_json_reader *gyr_json_reader_free(struct gyr_json_reader *r)
{
	if (!r)
		return NULL;
	free(r->nodes);
	free(r->slots);
	free(r->keys);
	free(r->ids);
	free(r);
	return NULL;
}

/* A canonical array index, or UINT32_MAX. */
static uint32_t json_index(const char *key, size_t len)
{
	uint64_t n = 0;

	if (!len || len > 9 || (len > 1 && key[0] == '0'))
		return UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		if (key[i] < '0' || key[i] > '9')
			return UINT32_MAX;
		n = n * 10 + (uint64_t)(key[i] - '0');
	}
	return (uint32_t)n;
}

/* One part of a pointer, its ~0 and ~1 resolved. Returns the length, or -errno. */
static int json_part(const char *p, size_t len, char *dst)
{
	int n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if (n == GYR_JSON_MAX_KEY)
			return -E2BIG;
		if (c == '~') {
			if (++i == len || (p[i] != '0' && p[i] != '1'))
				return -EINVAL;
			c = p[i] == '0' ? '~' : '/';
		}
		dst[n++] = c;
	}
	return n;
}

/* The child of @parent with this key; 0 when there is none. The tables know nodes laid out by
 * json_build(), the rest is looked through. */
static uint32_t json_find(const struct gyr_json_reader *r, uint32_t parent, const char *key,
			  uint32_t len)
{
	uint64_t head = json_head(key, len, key + len);
	uint32_t shift = r->nodes[parent].shift, mask = (uint32_t)(UINT64_MAX >> (shift & 63));
	uint32_t at;

	for (uint32_t i = r->n_laid_out > 1 ? r->n_laid_out : 1; i < r->n_nodes; i++) {
		const struct json_node *n = r->nodes + i;

		if (n->parent == parent && n->key_len == len &&
		    memcmp(r->keys + n->key, key, len) == 0)
			return i;
	}
	if (parent >= r->n_laid_out)
		return 0;
	at = json_hash(head, len, shift);
	for (; r->slots[r->nodes[parent].slots + at].node; at = (at + 1) & mask) {
		uint32_t i = r->slots[r->nodes[parent].slots + at].node;

		if (r->nodes[i].key_len == len && memcmp(r->keys + r->nodes[i].key, key, len) == 0)
			return i;
	}
	return 0;
}

/* The child of @parent with this key, made when there is none. */
static int json_child(struct gyr_json_reader *r, uint32_t parent, const char *key, uint32_t len,
		      uint32_t *ret_node)
{
	uint32_t found = json_find(r, parent, key, len);
	struct json_node *n;
	int e;

	if (found) {
		*ret_node = found;
		return 0;
	}
	e = json_grow(&r->nodes, &r->cap_nodes, (uint64_t)r->n_nodes + 1, sizeof *r->nodes);
	if (!e)
		e = json_grow(&r->keys, &r->cap_keys, (uint64_t)r->n_keys + len + 1, 1);
	if (e)
		return e;
	n = r->nodes + r->n_nodes;
	*n = (struct json_node){
		.parent = parent, .key = r->n_keys, .key_len = len, .index = json_index(key, len)};
	if (len)
		memcpy(r->keys + r->n_keys, key, len);
	r->n_keys += len;
	r->nodes[parent].n_children++;
	if (n->index != UINT32_MAX) {
		r->nodes[parent].has_index = true;
		if (n->index >= r->nodes[parent].next_index)
			r->nodes[parent].next_index = n->index + 1;
	}
	*ret_node = r->n_nodes++;
	return 0;
}

/* Takes the next part off a pointer, *p is at its slash. Returns the length, or -errno. */
static int json_take(const char **p, const char *end, char *part)
{
	const char *start = *p + 1, *stop;

	if (**p != '/')
		return -EINVAL;
	stop = memchr(start, '/', (size_t)(end - start));
	*p = stop ? stop : end;
	return json_part(start, (size_t)(*p - start), part);
}

/* Follows, and where needed extends, the trie along a pointer. */
static int json_path(struct gyr_json_reader *r, const char *p, size_t len, uint32_t *ret_node)
{
	const char *end = p + len;
	char part[GYR_JSON_MAX_KEY];
	uint32_t node = 0, depth = 0;

	while (p < end) {
		int n = json_take(&p, end, part);

		if (n < 0)
			return n;
		if (++depth > GYR_JSON_MAX_DEPTH)
			return -E2BIG;
		n = json_child(r, node, part, (uint32_t)n, &node);
		if (n < 0)
			return n;
	}
	*ret_node = node;
	return 0;
}

int gyr_json_reader_find(const struct gyr_json_reader *r, const char *pointer, size_t len,
			 uint32_t *ret_id)
{
	const char *p = pointer, *end = p + len;
	char part[GYR_JSON_MAX_KEY];
	uint32_t node = 0;

	while (p < end) {
		int n = json_take(&p, end, part);

		if (n < 0)
			return n;
		node = json_find(r, node, part, (uint32_t)n);
		if (!node)
			return -ENOENT;
	}
	if (!r->nodes[node].is_wanted)
		return -ENOENT;
	*ret_id = r->nodes[node].id;
	return 0;
}

int gyr_json_reader_add(struct gyr_json_reader *r, const char *pointer, size_t len,
			uint32_t *ret_id)
{
	uint32_t node;
	int e;

	if (!gyr_json_reader_find(r, pointer, len, ret_id))
		return 0;
	/* A failure half-way may leave keys nobody asks for, which is harmless. */
	r->is_built = false;
	r->is_scanned = false;
	e = json_path(r, pointer, len, &node);
	if (e)
		return e;
	if (r->nodes[node].is_wanted) {
		*ret_id = r->nodes[node].id;
		return 0;
	}
	if (r->n_ids == GYR_JSON_MAX_POINTERS)
		return -E2BIG;
	e = json_grow(&r->ids, &r->cap_ids, (uint64_t)r->n_ids + 1, sizeof *r->ids);
	if (e)
		return e;
	r->nodes[node].is_wanted = true;
	r->nodes[node].id = r->n_ids;
	r->n_wanted++;
	*ret_id = r->n_ids;
	r->ids[r->n_ids++] = node;
	return 0;
}

/* Slots of a table for @n children: at most half full, never full. */
static uint32_t json_slots(uint32_t n, uint32_t *ret_shift)
{
	uint32_t log = 1;

	while ((1u << log) < 2 * n)
		log++;
	*ret_shift = 64 - log;
	return 1u << log;
}

static int json_build(struct gyr_json_reader *r)
{
	uint64_t total = 0;
	int e;

	r->n_laid_out = 0;
	for (uint32_t i = 0; i < r->n_nodes; i++) {
		struct json_node *n = r->nodes + i;

		n->slots = (uint32_t)total;
		total += json_slots(n->n_children, &n->shift);
	}
	e = json_grow(&r->slots, &r->cap_slots, total, sizeof *r->slots);
	if (e)
		return e;
	memset(r->slots, 0, total * sizeof *r->slots);
	for (uint32_t i = 1; i < r->n_nodes; i++) {
		const struct json_node *n = r->nodes + i, *parent = r->nodes + n->parent;
		const char *key = r->keys + n->key;
		uint64_t head = json_head(key, n->key_len, key + n->key_len);
		uint32_t mask = (uint32_t)(UINT64_MAX >> parent->shift);
		uint32_t at = json_hash(head, n->key_len, parent->shift);

		while (r->slots[parent->slots + at].node)
			at = (at + 1) & mask;
		r->slots[parent->slots + at] =
			(struct json_slot){.head = head, .len = n->key_len, .node = i};
	}
	r->n_laid_out = r->n_nodes;
	r->is_built = true;
	return 0;
}

/* ---- asking ---- */

void gyr_json_reader_strict(struct gyr_json_reader *r, bool is_strict)
{
	r->is_strict = is_strict;
}

int gyr_json_reader_load(struct gyr_json_reader *r, const char *doc, size_t len)
{
	if (len >= UINT32_MAX)
		return -E2BIG;
	r->doc = doc;
	r->end = doc + len;
	r->bad = doc;
	r->is_scanned = false;
	return 0;
}

static void json_forget(struct gyr_json_reader *r)
{
	if (++r->epoch)
		return;
	for (uint32_t i = 0; i < r->n_nodes; i++)
		r->nodes[i].stamp = 0;
	r->epoch = 1;
}

static int json_scan(struct gyr_json_reader *r)
{
	size_t bad;
	int e;

	if (!r->is_built) {
		e = json_build(r);
		if (e)
			return e;
	}
	json_forget(r);
	r->is_scanned = true;
	if (r->is_strict) {
		e = gyr_json_validate(r->doc, (size_t)(r->end - r->doc), &bad);
		if (e) {
			r->bad = r->doc + bad;
			return e;
		}
	}
	return gyr__json_ops()->scan(r);
}

int gyr_json_reader_get(struct gyr_json_reader *r, uint32_t id, struct gyr_json *ret)
{
	const struct json_node *n;

	if (!r->doc || id >= r->n_ids)
		return -ENOENT;
	if (!r->is_scanned)
		r->result = json_scan(r);
	if (r->result)
		return r->result;
	n = r->nodes + r->ids[id];
	*ret = n->stamp == r->epoch ? n->span : (struct gyr_json){.type = GYR_JSON_ABSENT};
	return 0;
}

size_t gyr_json_reader_bad_offset(const struct gyr_json_reader *r)
{
	return (size_t)(r->bad - r->doc);
}

/* ---- by hand ---- */

int gyr_json_value(const char *text, size_t len, struct gyr_json *ret)
{
	const char *end = text + len, *bad;
	const char *p = json_blanks(text, end);

	if (p == end || len >= UINT32_MAX)
		return -EBADMSG;
	return gyr__json_ops()->value(p, end, ret, &bad) ? 0 : -EBADMSG;
}

void gyr_json_iter_init(struct gyr_json_iter *it, const struct gyr_json *container)
{
	bool is_object = container->type == GYR_JSON_OBJECT;

	*it = (struct gyr_json_iter){.is_object = is_object};
	if (!is_object && container->type != GYR_JSON_ARRAY)
		return;
	it->p = container->p + 1;
	it->end = container->p + container->len;
}

/* The key of a member and its colon. */
static const char *json_key(const char *p, const char *end, struct gyr_json *ret_key)
{
	const char *q;
	bool escapes;

	if (p >= end || *p != '"')
		return NULL;
	q = gyr__json_ops()->string(p + 1, end, &escapes);
	if (!q)
		return NULL;
	*ret_key = (struct gyr_json){.p = p + 1,
				     .len = (uint32_t)(q - p - 1),
				     .type = GYR_JSON_STRING,
				     .has_escapes = escapes};
	p = json_blanks(q + 1, end);
	if (p >= end || *p != ':')
		return NULL;
	return json_blanks(p + 1, end);
}

int gyr_json_next(struct gyr_json_iter *it, struct gyr_json *ret_key, struct gyr_json *ret_value)
{
	const char *p = it->p, *bad;
	struct gyr_json key;

	if (!p)
		return 0;
	it->p = NULL;
	p = json_blanks(p, it->end);
	if (p >= it->end)
		return -EBADMSG;
	if (*p == (it->is_object ? '}' : ']'))
		return 0;
	if (it->is_started) {
		if (*p != ',')
			return -EBADMSG;
		p = json_blanks(p + 1, it->end);
	}
	if (it->is_object) {
		p = json_key(p, it->end, &key);
		if (!p)
			return -EBADMSG;
	}
	if (p >= it->end)
		return -EBADMSG;
	p = gyr__json_ops()->value(p, it->end, ret_value, &bad);
	if (!p)
		return -EBADMSG;
	if (ret_key && it->is_object)
		*ret_key = key;
	it->p = p;
	it->is_started = true;
	return 1;
}

bool gyr_json_equals(const struct gyr_json *v, const char *text, size_t len)
{
	char plain[6 * GYR_JSON_MAX_KEY];
	int64_t n;

	if (v->type != GYR_JSON_STRING)
		return false;
	if (!v->has_escapes)
		return v->len == len && memcmp(v->p, text, len) == 0;
	if (v->len > sizeof plain)
		return false;
	n = gyr__json_unescape(v->p, v->len, plain);
	return n >= 0 && (size_t)n == len && memcmp(plain, text, len) == 0;
}

int gyr_json_member(const struct gyr_json *object, const char *key, size_t len,
		    struct gyr_json *ret)
{
	struct gyr_json_iter it;
	struct gyr_json name, value;
	int r;

	if (object->type == GYR_JSON_OBJECT) {
		gyr_json_iter_init(&it, object);
		while ((r = gyr_json_next(&it, &name, &value)) > 0) {
			if (gyr_json_equals(&name, key, len)) {
				*ret = value;
				return 0;
			}
		}
		if (r < 0)
			return r;
	}
	*ret = (struct gyr_json){.type = GYR_JSON_ABSENT};
	return 0;
}
