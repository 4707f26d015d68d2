/*
 * template: "%proc.name ran %evt.args" to pieces, and pieces to text.
 *
 * A field is written %name, %name[arg], %10name (padded or cut to 10 columns) or
 * %transformer(name). The name is the longest known one that fits, so "%evt.time." is the field
 * followed by a full stop. %% is a percent sign. A leading '*' says that absent values print as
 * <NA> rather than suppress the text; that is what always happens, so it is dropped.
 *
 * Lifetime: a template lives in the arena it was compiled into. Threads: immutable once compiled.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/fetch.h"
#include "event/field.h"
#include "event/value.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/err.h"
#include "util/str.h"
#include "util/strmap.h"

struct template;
struct use_table;
struct eval;

enum {
	TEMPLATE_MAX_BYTES = 64 << 10,
	TEMPLATE_MAX_PIECES = 4096,
	TEMPLATE_MAX_WIDTH = 4096,
};

/* What texts are compiled with, and those that were, so that what they have in common is there once. */
struct template_set {
	const struct fieldset *fields;
	struct use_table *uses; /* shares field uses and numbers their slots (filter layer) */
	struct arena *arena;    /* templates live there */
	struct strmap texts, bodies;
};

/* Forgets what was compiled; the templates stay. */
void template_set_deinit(struct template_set *set);

/* Compiles @text, which must live as long as the set. With @err (span of @text): -ENOENT for an unknown
 * field, -EINVAL for anything else that is wrong. -ENOMEM. */
int template_compile(struct template_set *set, struct str text, const struct template **ret,
		     struct err *err);

/* Field uses, those inside transformers too, each once, in order of appearance: the output_fields of
 * an alert. */
uint32_t template_n_fields(const struct template *t);
const struct field_use *template_field(const struct template *t, uint32_t i);

/* The name of that field as it was written, with its argument. */
struct str template_field_text(const struct template *t, uint32_t i);

/* The text that was compiled, without %container.info, which stands for nothing any more; in @a, empty
 * when memory is short. */
struct str template_text(const struct template *t, struct arena *a);
bool template_has_dropped(const struct template *t);

/* Appends the text for @evt. A value that is absent prints as <NA>. Returns false when some field
 * was absent. @e is the scratch of this thread (matcher_eval()). No allocation but growth of @b. */
bool template_render(const struct template *t, struct eval *e, const struct event *evt,
		     const struct fetch *fetch, struct buf *b);
