/*
 * form: the text of alerts as one output wants it, in place of the usual line.
 *
 *	%proc.name                 a field, as in the output of a rule
 *	{rule} {priority} {source} {tags} {hostname} {id} {time} {message} {output} {json}
 *	{%user.name}               a field or a transformer, for the sake of a filter:
 *	{rule|json}                json: as the inside of a JSON string; upper, lower; slug: letters
 *	                           and digits with '-' between; url: percent-encoded
 *
 * A brace that begins none of these stands for itself, so that JSON can be written as it is. The
 * result is one line without anything that a terminal would obey, as all text of alerts.
 *
 * Lifetime: in the arena it was compiled into. Threads: immutable once compiled.
 */
#pragma once

#include "event/event.h"
#include "event/fetch.h"
#include "route/alert.h"

struct form;
struct template_set;

enum { FORM_MAX_BYTES = 64 << 10, FORM_MAX_PARTS = 1024 };

/* Compiles @text, which is copied, as one of @set, into its arena. -ENOENT with @err for an unknown field,
 * -EINVAL for anything else that is wrong (spans of @text), -ENOMEM. [main] */
int form_compile(struct template_set *set, struct str text, const struct form **ret,
		 struct err *err);

/* What a form may name beside fields. */
struct form_facts {
	const struct gyr_alert *view; /* without its texts */
	struct str time;              /* as the usual line begins */
	struct str message, json;     /* any bytes; JSON */
};

/* Appends the text to @out, not yet escaped; @scratch is overwritten. */
void form_render(const struct form *f, const struct form_facts *facts,
		 const struct alert_subject *s, struct buf *scratch, struct buf *out);
