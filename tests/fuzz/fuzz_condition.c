/*
 * The whole way of a condition: parse, print, parse again, check, analyse, evaluate. What was
 * written out must read back as the same tree.
 */
#include <stdlib.h>

#include "fieldcsv.h"
#include "filter/eval.h"
#include "filter/evttypes.h"
#include "filter/parse.h"
#include "filter/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	VALUE_LEN = 24,
};

/* Every field answers with a piece of the input: the text a condition is most likely to match. */
struct source {
	const uint8_t *data;
	size_t size;
	union value v;
};

static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	struct source *s = ctx;

	(void)evt;
	for (uint32_t i = 0; i < n; i++) {
		if (value_kind(uses[i]->field->type) == VALUE_BYTES)
			s->v.bytes = (struct str){(const char *)s->data,
						  s->size < VALUE_LEN ? s->size : VALUE_LEN};
		else
			s->v.u64 = s->size;
		ret[i] = (struct values){.is_set = uses[i]->slot % 4 != 3, .n = 1, .v = &s->v};
	}
}

static const struct fieldset *fields(void)
{
	static struct fieldset *set;

	if (!set) {
		set = fieldset_new();
		if (fieldcsv_load(set, SOURCE_DIR "/extractors/syscall/fields.csv") <= 0)
			abort();
	}
	return set;
}

static void round_trip(const struct ast *tree, struct arena *a, size_t size)
{
	struct err err = ERR_NULL;
	const struct ast *again;
	struct buf b;

	buf_init(&b, size * 8 + 1024);
	ast_write(&b, tree);
	if (b.failed || parse_condition(buf_str(&b), NULL, a, &again, &err) ||
	    !ast_equal(tree, again))
		abort();
	buf_deinit(&b);
}

static void evaluate(const struct expr *x, const uint8_t *data, size_t size)
{
	struct source s = {.data = data, .size = size};
	struct fetch fetch = {.get = answer, .ctx = &s};
	struct event evt = {.num = 1};
	struct eval *e = eval_new();

	(void)eval_match(e, x, &evt, &fetch);
	eval_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = ARENA_NULL;
	struct use_table *uses = use_table_new();
	struct typecheck_options o = {.fields = fields(), .uses = uses, .arena = &a};
	struct err err = ERR_NULL;
	const struct ast *tree;
	const struct expr *x;
	struct evttypes set;

	if (parse_condition((struct str){(const char *)data, size}, NULL, &a, &tree, &err) == 0) {
		round_trip(tree, &a, size);
		(void)evttypes_of(tree, &(struct evttypes_source){.fields = fields()}, &set, &err);
		if (typecheck(tree, &o, &x) == 0)
			evaluate(x, data, size);
	}
	use_table_free(uses);
	arena_deinit(&a);
	return 0;
}
