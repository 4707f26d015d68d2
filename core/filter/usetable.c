/*
 * The use table: one slot a distinct field and argument of a ruleset, one compiled automaton a
 * distinct expression, one copy of every constant and comparison, and the typed form of what hangs in
 * the trees of many rules, so that a macro or a list used by a thousand rules is checked once.
 *
 * Equal constants and comparisons are found by a key: the bytes that tell them apart.
 */
#include <errno.h>
#include <stddef.h>

#include "filter/usetable.h"
#include "util/buf.h"
#include "util/hash.h"
#include "util/mem.h"
#include "util/ptrmap.h"
#include "util/strmap.h"
#include "util/text.h"

enum {
	KEY_MAX = 64 << 20, /* bytes that tell one constant or comparison from others */
};

struct slot {
	uint32_t hash, index; /* index + 1 */
};

/* A use and the operand that is nothing but it. */
struct own_use {
	struct field_use use;
	struct operand operand;
};

struct use_table {
	struct arena arena;
	const struct field_use **uses;
	uint32_t n_uses, uses_size;
	struct use_regex {
		struct str pattern;
		struct regex *regex;
	} * regexes;
	uint32_t n_regexes, regexes_size;
	struct slot *slots; /* of uses */
	uint32_t n_slots;
	const struct redaction *redaction;
	bool has_base64;
	/* Since it was last sealed. */
	struct ptrmap checked; /* tree -> expression */
	struct arena keys;
	struct strmap constants, tests, lists; /* by key */
	struct buf key;
};

struct use_table *use_table_new(void)
{
	struct use_table *t = mem_new(sizeof *t);

	if (t) {
		t->arena.chunk_max = ARENA_CHUNK_KEPT;
		buf_init(&t->key, KEY_MAX);
	}
	return t;
}

void use_table_seal(struct use_table *t)
{
	ptrmap_deinit(&t->checked);
	strmap_deinit(&t->constants);
	strmap_deinit(&t->tests);
	strmap_deinit(&t->lists);
	buf_deinit(&t->key);
	buf_init(&t->key, KEY_MAX);
	arena_deinit(&t->keys);
}

struct use_table *use_table_free(struct use_table *t)
{
	if (!t)
		return NULL;
	for (uint32_t i = 0; i < t->n_regexes; i++)
		regex_free(t->regexes[i].regex);
	use_table_seal(t);
	mem_free(t->regexes);
	mem_free(t->uses);
	mem_free(t->slots);
	arena_deinit(&t->arena);
	return mem_free(t);
}

size_t use_table_size(const struct use_table *t)
{
	return sizeof *t + t->arena.used + t->keys.used + t->uses_size * sizeof *t->uses +
	       t->regexes_size * sizeof *t->regexes + t->n_slots * sizeof *t->slots;
}

uint32_t use_table_count(const struct use_table *t)
{
	return t->n_uses;
}

const struct field_use *use_table_at(const struct use_table *t, uint32_t slot)
{
	return slot < t->n_uses ? t->uses[slot] : NULL;
}

static uint32_t use_hash(const struct field_use *u)
{
	uint64_t h = hash_bytes(u->field->name) + u->field->owner;

	return (uint32_t)(u->has_arg ? h ^ hash_bytes(u->arg) * 31 : h);
}

static bool use_equal(const struct field_use *x, const struct field_use *y)
{
	return x->field->owner == y->field->owner && x->has_arg == y->has_arg &&
	       x->field->type == y->field->type && str_eq(x->field->name, y->field->name) &&
	       (!x->has_arg || str_eq(x->arg, y->arg));
}

static void slot_put(struct slot *slots, uint32_t n_slots, struct slot s)
{
	uint32_t i = s.hash;

	while (slots[i & (n_slots - 1)].index)
		i++;
	slots[i & (n_slots - 1)] = s;
}

static int uses_grow(struct use_table *t)
{
	uint32_t size = t->uses_size ? t->uses_size * 2 : 64;
	const struct field_use **uses = mem_grow(t->uses, size, sizeof *uses);
	struct slot *slots;

	if (!uses)
		return -ENOMEM;
	t->uses = uses;
	slots = mem_new(size * 2 * sizeof *slots);
	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < t->n_slots; i++) {
		if (t->slots[i].index)
			slot_put(slots, size * 2, t->slots[i]);
	}
	mem_free(t->slots);
	t->slots = slots;
	t->n_slots = size * 2;
	t->uses_size = size;
	return 0;
}

static const struct field_use *use_find(const struct use_table *t, const struct field_use *use,
					uint32_t hash)
{
	for (uint32_t i = hash; t->n_slots; i++) {
		const struct slot *s = &t->slots[i & (t->n_slots - 1)];

		if (!s->index)
			return NULL;
		if (s->hash == hash && use_equal(t->uses[s->index - 1], use))
			return t->uses[s->index - 1];
	}
	return NULL;
}

void use_table_redact(struct use_table *t, const struct redaction *r)
{
	t->redaction = r;
}

void use_table_base64(struct use_table *t)
{
	t->has_base64 = true;
}

/* "name[arg]" or "name.arg". */
static struct str use_text(struct use_table *t, const struct field_use *use)
{
	bool is_suffix = use->field->flags & FIELD_ARG_SUFFIX;

	return str_from(arena_printf(&t->arena, is_suffix ? "%.*s.%.*s" : "%.*s[%.*s]",
				     STR_FMT(use->field->name), STR_FMT(use->arg)));
}

static bool is_redacted(struct use_table *t, const struct field_use *use)
{
	const struct redaction *r = t->redaction;
	struct str full = r && use->has_arg ? use_text(t, use) : (struct str){0};

	for (uint32_t i = 0; r && i < r->n_fields; i++)
		if (text_wildcard(str_from(r->fields[i]), use->field->name) ||
		    (full.p && text_wildcard(str_from(r->fields[i]), full)))
			return true;
	return false;
}

const struct field_use *use_table_intern(struct use_table *t, const struct field_use *use)
{
	uint32_t hash = use_hash(use);
	const struct field_use *found = use_find(t, use, hash);
	struct own_use *own;
	struct field *field;

	if (found)
		return found;
	if (t->n_uses == t->uses_size && uses_grow(t))
		return NULL;
	own = arena_alloc(&t->arena, sizeof *own);
	field = arena_alloc(&t->arena, sizeof *field); /* its type may be this use's alone */
	if (!own || !field)
		return NULL;
	*field = *use->field;
	if (t->has_base64 && field->type == FT_BYTEBUF)
		field->flags |= FIELD_BASE64;
	own->use = *use;
	own->use.field = field;
	own->use.arg = arena_str(&t->arena, use->arg);
	own->use.slot = t->n_uses;
	if (is_redacted(t, use))
		own->use.hidden = arena_str(&t->arena, str_from(t->redaction->text));
	if (!own->use.arg.p)
		return NULL;
	own->operand = (struct operand){.kind = OPERAND_FIELD,
					.type = field->type,
					.is_list = (field->flags & FIELD_LIST) != 0,
					.is_volatile = (field->flags & FIELD_VOLATILE) != 0,
					.use = &own->use};
	t->uses[t->n_uses++] = &own->use;
	slot_put(t->slots, t->n_slots, (struct slot){hash, own->use.slot + 1});
	return &own->use;
}

const struct operand *use_table_operand(const struct field_use *use)
{
	return &((const struct own_use *)((const char *)use - offsetof(struct own_use, use)))
			->operand;
}

/* --- constants and comparisons ---------------------------------------------------------------- */

/* What is stored under the key at hand. */
static void *key_find(const struct use_table *t, const struct strmap *m)
{
	return t->key.failed ? NULL : strmap_find(m, buf_str(&t->key));
}

static bool key_add(struct use_table *t, struct strmap *m, void *value)
{
	struct str key = t->key.failed ? (struct str){0} : arena_str(&t->keys, buf_str(&t->key));

	return key.p && strmap_add(m, key, value) == 0;
}

/* @s, or @other when it says the same. */
static struct str copy_unless(struct arena *a, struct str s, struct str other)
{
	return s.p && str_eq(s, other) ? other : arena_str(a, s);
}

static void constant_key(struct use_table *t, const struct constant_form *f, struct str text)
{
	buf_reset(&t->key);
	buf_add(&t->key, f, sizeof *f);
	buf_add_str(&t->key, text);
}

const struct constant *use_table_constant(struct use_table *t, const struct constant_form *f,
					  struct str text)
{
	constant_key(t, f, text);
	return key_find(t, &t->constants);
}

const struct constant *use_table_add_constant(struct use_table *t, const struct constant_form *f,
					      const struct constant *c)
{
	bool is_bytes = value_kind(f->type) == VALUE_BYTES;
	struct constant *own = arena_alloc(&t->arena, sizeof *own);

	if (!own)
		return NULL;
	*own = *c;
	own->text = arena_str(&t->arena, c->text);
	if (is_bytes)
		own->v.bytes = copy_unless(&t->arena, c->v.bytes, own->text);
	constant_key(t, f, c->text);
	if (!own->text.p || (is_bytes && !own->v.bytes.p) || !key_add(t, &t->constants, own))
		return NULL;
	return own;
}

const struct expr *use_table_test(struct use_table *t, const struct test *test)
{
	const struct constant **consts;
	struct test *own;
	struct expr *x;

	buf_reset(&t->key);
	buf_add(&t->key, &(uint32_t){(uint32_t)test->op << 8 | test->modifier}, sizeof(uint32_t));
	buf_add(&t->key, &test->left, sizeof test->left);
	buf_add(&t->key, &test->right, sizeof test->right);
	buf_add(&t->key, test->consts, test->n * sizeof *test->consts);
	x = key_find(t, &t->tests);
	if (x)
		return x;
	x = arena_alloc(&t->arena, sizeof *x);
	own = arena_alloc(&t->arena, sizeof *own);
	consts = arena_alloc(&t->arena, test->n * sizeof *consts);
	if (!x || !own || !consts)
		return NULL;
	*own = *test;
	own->consts = consts;
	if (test->n)
		memcpy(consts, test->consts, test->n * sizeof *consts);
	x->kind = EXPR_TEST;
	x->test = own;
	return key_add(t, &t->tests, x) ? x : NULL;
}

int use_table_regex(struct use_table *t, struct str pattern, struct regex **ret, struct err *err)
{
	int r;

	for (uint32_t i = 0; i < t->n_regexes; i++) {
		if (str_eq(t->regexes[i].pattern, pattern)) {
			*ret = t->regexes[i].regex;
			return 0;
		}
	}
	if (t->n_regexes == t->regexes_size) {
		uint32_t size = t->regexes_size ? t->regexes_size * 2 : 16;
		struct use_regex *grown = mem_grow(t->regexes, size, sizeof *grown);

		if (!grown)
			return -ENOMEM;
		t->regexes = grown;
		t->regexes_size = size;
	}
	pattern = arena_str(&t->arena, pattern);
	if (!pattern.p)
		return -ENOMEM;
	r = regex_new(pattern, ret, err);
	if (!r)
		t->regexes[t->n_regexes++] = (struct use_regex){pattern, *ret};
	return r;
}

const struct expr *use_table_checked(const struct use_table *t, const struct ast *tree)
{
	return ptrmap_find(&t->checked, tree);
}

int use_table_add_checked(struct use_table *t, const struct ast *tree, const struct expr *expr)
{
	return ptrmap_set(&t->checked, tree, expr);
}

static void list_key(struct use_table *t, const struct test *test, const struct ast_term *list)
{
	buf_reset(&t->key);
	buf_add_char(&t->key, (char)test->op);
	buf_add(&t->key, &test->left, sizeof test->left);
	buf_add(&t->key, &list, sizeof(list));
}

const struct expr *use_table_list(struct use_table *t, const struct test *test,
				  const struct ast_term *list)
{
	list_key(t, test, list);
	return key_find(t, &t->lists);
}

int use_table_add_list(struct use_table *t, const struct test *test, const struct ast_term *list,
		       const struct expr *expr)
{
	list_key(t, test, list);
	return key_add(t, &t->lists, (void *)(uintptr_t)expr) ? 0 : -ENOMEM;
}
