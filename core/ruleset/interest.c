#include "ruleset/interest.h"

#include <errno.h>
#include <string.h>

#include "filter/parse.h"
#include "gyr/events.h"

enum { EVENT_GENERIC = 1 };

static int one_condition(const char *text, struct arena *a, struct evttypes_condition *ret,
			 struct err *err)
{
	const struct str copy = arena_str(a, str_from(text));
	const struct ast *t;
	int r = copy.p ? parse_condition(copy, NULL, a, &t, err) : -ENOMEM;

	if (r == 0 && (t->kind != AST_CHECK || t->modifier != FILTER_MOD_NONE || !t->right ||
		       t->left->kind != AST_TERM_FIELD || t->right->kind != AST_TERM_TEXT)) {
		err_set(err, 0, 0, "condition '%s' is not a field, an operator and a constant",
			text);
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	*ret = (struct evttypes_condition){
		.field = t->left->text, .constant = t->right->text, .op = t->op};
	return 0;
}

int interest_conditions_read(const char *const *texts, struct arena *a,
			     struct interest_conditions *ret, struct err *err)
{
	int r = 0;

	*ret = (struct interest_conditions){.n = 0};
	for (; texts && *texts && r == 0; texts++) {
		if (ret->n == EVTTYPES_CONDITIONS_MAX) {
			err_set(err, 0, 0, "more than %d conditions", EVTTYPES_CONDITIONS_MAX);
			return -EINVAL;
		}
		r = one_condition(*texts, a, &ret->list[ret->n], err);
		ret->n += r == 0;
	}
	return r;
}

void interest_init(struct interest *i)
{
	*i = (struct interest){.events = {{0}}};
	memset(i->needs, 0xff, sizeof i->needs);
}

static void add_set(struct evttypes *to, const struct evttypes *from)
{
	for (size_t w = 0; w < sizeof to->bits / sizeof *to->bits; w++)
		to->bits[w] |= from->bits[w];
}

static void add_needs(struct interest *i, const struct ast *tree, const struct evttypes *events,
		      const struct fieldset *fields, const struct interest_conditions *conditions)
{
	struct evttypes sets[EVTTYPES_CONDITIONS_MAX];

	evttypes_needing(tree, fields, conditions->list, conditions->n, sets);
	for (unsigned code = 0; code < EVTTYPES_MAX; code++) {
		uint8_t needs = 0;

		if (!evttypes_has(events, (uint16_t)code))
			continue;
		for (uint32_t c = 0; c < conditions->n; c++)
			needs |= (uint8_t)(evttypes_has(&sets[c], (uint16_t)code) << c);
		i->needs[code] &= needs;
	}
}

void interest_add(struct interest *i, const struct ast *tree, const struct evttypes *events,
		  const struct fieldset *fields, const struct interest_conditions *conditions)
{
	const bool is_named = evttypes_count(events) <= INTEREST_NAMES_MAX;
	struct evttypes generic;

	add_set(&i->events, events);
	if (is_named)
		add_set(&i->named_events, events);
	if (evttypes_has(events, EVENT_GENERIC)) {
		evttypes_generic_of(tree, fields, &generic);
		add_set(&i->generic, &generic);
		if (is_named)
			add_set(&i->named_generic, &generic);
	}
	if (conditions->n)
		add_needs(i, tree, events, fields, conditions);
}

/* One event may have several codes, for entering and leaving and for versions: its name comes once. */
static bool is_first(const struct evttypes *events, uint16_t code)
{
	const struct gyr_event_info *e = gyr_event(code), *other;

	for (other = gyr_event_find(e->name, e->name_len, 0); other && other->code < code;
	     other = gyr_event_find(e->name, e->name_len, (uint16_t)(other->code + 1)))
		if (evttypes_has(events, other->code))
			return false;
	return true;
}

static void add_name(struct buf *names, uint32_t *n, const char *name)
{
	buf_printf(names, "%s%s", *n ? ", " : "", name);
	(*n)++;
}

static bool is_beyond_names(const struct interest *i)
{
	for (size_t w = 0; w < sizeof i->events.bits / sizeof *i->events.bits; w++)
		if (i->events.bits[w] & ~i->named_events.bits[w])
			return true;
	return false;
}

void interest_print(const struct interest *i, struct buf *out)
{
	struct buf names;
	uint32_t n = 0;

	buf_init(&names, 64 << 10);
	for (uint16_t code = EVENT_GENERIC + 1; code < gyr_event_count(); code++)
		if (evttypes_has(&i->named_events, code) && code != GYR_EVENT_CODE_ASYNC &&
		    is_first(&i->named_events, code))
			add_name(&names, &n, gyr_event(code)->name);
	for (uint16_t code = 0; code < gyr_syscall_count(); code++)
		if (evttypes_has(&i->named_generic, code))
			add_name(&names, &n, gyr_syscall(code)->name);
	buf_printf(out, "about %u types of events%s%.*s%s", n, n ? ": " : "", (int)names.len,
		   names.len ? names.p : "",
		   is_beyond_names(i) ? "; some rule names none, so it is tried on nearly all"
				      : "");
	buf_deinit(&names);
}

void interest_join(struct interest *i, const struct interest *with)
{
	add_set(&i->events, &with->events);
	add_set(&i->named_events, &with->named_events);
	add_set(&i->generic, &with->generic);
	add_set(&i->named_generic, &with->named_generic);
	for (size_t c = 0; c < sizeof i->needs; c++)
		i->needs[c] &= with->needs[c];
}
