/*
 * An output text: compiled, and rendered with values that are pieces of the input.
 */
#include <errno.h>
#include <stdlib.h>

#include "fieldcsv.h"
#include "filter/eval.h"
#include "ruleset/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	VALUE_LEN = 24,
};

struct source {
	union value text, number;
};

static void answer(void *ctx, const struct event *evt, const struct field_use *const *uses,
		   uint32_t n, struct values *ret)
{
	struct source *s = ctx;

	(void)evt;
	for (uint32_t i = 0; i < n; i++) {
		bool is_text = value_kind(uses[i]->field->type) == VALUE_BYTES;

		ret[i] = (struct values){.is_set = uses[i]->slot % 4 != 3,
					 .n = 1,
					 .v = is_text ? &s->text : &s->number};
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

static void render(const struct template *t, const uint8_t *data, size_t size)
{
	struct source s = {
		.text.bytes = {(const char *)data, size < VALUE_LEN ? size : VALUE_LEN},
		.number.u64 = size,
	};
	struct fetch fetch = {.get = answer, .ctx = &s};
	struct event evt = {.num = 1, .type = 2, .source = "syscall"};
	struct eval *e = eval_new();
	struct buf b;

	buf_init(&b, 16 << 20);
	if (e) {
		eval_reset(e);
		(void)template_render(t, e, &evt, &fetch, &b);
	}
	for (uint32_t i = 0; i < template_n_fields(t); i++) {
		if (!template_field(t, i) || !template_field_text(t, i).len)
			abort();
	}
	buf_deinit(&b);
	eval_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct use_table *uses = use_table_new();
	struct arena arena = ARENA_NULL;
	struct template_set set = {.fields = fields(), .uses = uses, .arena = &arena};
	struct err err = ERR_NULL;
	const struct template *t;
	int r;

	if (!uses)
		return 0;
	r = template_compile(&set, text, &t, &err);
	template_set_deinit(&set);
	if (r == 0)
		render(t, data, size);
	else if (r != -ENOMEM && (!err.is_set || err.offset > size))
		abort();
	use_table_free(uses);
	arena_deinit(&arena);
	return 0;
}
