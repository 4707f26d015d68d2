/*
 * alert: what a match becomes: rendered once, owned by whoever still has to deliver it.
 *
 * An alert_plan is made for a ruleset and holds, rule by rule, everything of an alert that does not
 * depend on the event: the tail of its JSON, its tags, its output fields in the order of their
 * names. An alert_writer, one a source thread, puts the event in. The result is a struct alert from
 * a pool: texts for people and for machines in one block of memory that is used again and again,
 * and a reference count, one for each output that has it.
 *
 * The alert's id is the same for the same event and rule: it is computed from the event's source,
 * its bytes and the name of the rule, so that an output can tell a repeated delivery.
 *
 * JSON: keys sorted by name, as Falco writes them. The text of people (text, message) holds neither
 * control characters nor invalid UTF-8, so that event data cannot forge lines or move a terminal.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "event/fetch.h"
#include "route/routes.h"
#include "route/suppress.h"
#include "route/tally.h"
#include "ruleset/ruleset.h"
#include "util/buf.h"
#include "gyr/abi.h"

enum {
	ALERT_MAX_BYTES = 16 << 20, /* of one alert; a larger one is counted and not sent */
	ALERT_FORMS_MAX = 32,       /* texts of an alert beside the usual one */
};

struct alert_options {
	const char *hostname;
	bool iso_time; /* text with ISO 8601 time in UTC instead of local time of day */
	bool json_output, json_message, json_output_fields, json_tags, json_id;
};

struct eval;
struct line;
struct alert_plan;
struct alert_pool;
struct alert_writer;

struct alert {
	struct gyr_alert view; /* as outputs see it */
	atomic_uint refs;
	struct alert_plan *plan;
	struct alert_pool *pool;
	struct line *line;  /* of the ledger of its source; NULL: nobody waits for it */
	struct alert *next; /* in the pool */
	struct buf bytes;
};

/* What a plan is made of. */
struct alert_setup {
	struct ruleset *rs;               /* a reference is kept */
	const struct alert_options *opts; /* copied; its texts are borrowed */
	struct tally *tally;              /* rows are taken from it; outlives the plan */
	struct suppress *suppress;        /* outlives the plan; NULL where there are no policies */
	const struct route_table *routes; /* these two are looked at now only */
	const struct suppress_policies *policies;
	const char *const *templates; /* by output; NULL entries: the usual text; may be NULL */
	uint32_t n_templates;
};

/* One reference, the caller's. -EINVAL with @err for routes and policies that do not fit the rules,
 * -ENOMEM. Before a matcher is made of the ruleset. [main] */
int alert_plan_new(const struct alert_setup *setup, struct alert_plan **ret, struct err *err);
struct alert_plan *alert_plan_ref(struct alert_plan *p);
struct alert_plan *alert_plan_unref(struct alert_plan *p); /* [any] */
struct ruleset *alert_plan_ruleset(const struct alert_plan *p);
const struct alert_options *alert_plan_options(const struct alert_plan *p);

/* Alerts not in use. The pool may be freed once all alerts and writers came back. [main] */
struct alert_pool *alert_pool_new(void);
struct alert_pool *alert_pool_free(struct alert_pool *p);

struct alert_writer *alert_writer_new(struct alert_pool *pool);
struct alert_writer *alert_writer_free(struct alert_writer *w);

/* An event in hand, the rule that it matched, and who can be asked about it. */
struct alert_subject {
	const struct rule *rule; /* of the plan's ruleset */
	const struct event *evt;
	const struct fetch *fetch;
	struct eval *eval; /* scratch of the matcher that found the match */
};

/* Counts the match, and says which outputs are to have the alert: none when it is suppressed or its
 * routes have none, which is counted too. [owner of @w] */
route_set alert_targets(struct alert_writer *w, struct alert_plan *p,
			const struct alert_subject *s);

/* Texts there are beside the usual one, and the outputs that get text @form, 0 being the usual. */
uint32_t alert_plan_n_forms(const struct alert_plan *p);
route_set alert_plan_form_set(const struct alert_plan *p, uint32_t form);

/* Renders the alert with text @form; one reference, the caller's. -ENOMEM, -EMSGSIZE past
 * ALERT_MAX_BYTES. [owner of @w] */
int alert_render(struct alert_writer *w, struct alert_plan *p, const struct alert_subject *s,
		 uint32_t form, struct alert **ret);

struct alert *alert_ref(struct alert *a);
struct alert *alert_unref(struct alert *a); /* [any]; NULL is fine, returns NULL */
void alert_unref_all(struct alert *const *alerts, uint32_t n); /* [any] */

/* The memory that it takes. */
static inline uint64_t alert_bytes(const struct alert *a)
{
	return sizeof(*a) + a->bytes.size;
}

/* Appends @s with control characters as \n, \t, \x1b and invalid UTF-8 as U+FFFD. */
void alert_escape(struct buf *b, struct str s);
