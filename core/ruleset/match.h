/*
 * match: which rules of a source an event satisfies.
 *
 * A matcher belongs to one thread: it holds a reference to its ruleset and the scratch memory of
 * evaluation, so that an event costs no allocation. To take up a new ruleset, make a new matcher
 * between two events and free the old one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "event/fetch.h"
#include "ruleset/ruleset.h"

struct eval;
struct matcher;
struct plan;
struct plan_run;

/* A matcher for the rules of @source (a name); takes its own reference to @rs. -ENOENT when the
 * ruleset has no such source, -ENOMEM. */
int matcher_new(struct ruleset *rs, struct str source, struct matcher **ret);
struct matcher *matcher_free(struct matcher *m);

const struct ruleset_source *matcher_source(const struct matcher *m);

/* Its scratch memory, for template_render() between two calls of matcher_run(). */
struct eval *matcher_eval(struct matcher *m);

/* How its rules are planned, and what running the plan counted; for explain and profile. Valid until
 * the next matcher_run(). */
const struct plan *matcher_plan(const struct matcher *m);
const struct plan_run *matcher_plan_run(const struct matcher *m);

/* From now on it measures what each rule takes, for a profile. */
void matcher_time(struct matcher *m);

/* Whether no rule is about events of this type: matcher_run() has nothing to do for them. */
bool matcher_is_idle(const struct matcher *m, uint16_t type);

/* Judges one event. Returns how many rules match and points *ret_rules at them in load order, valid
 * until the next call; at most one with rule_matching `first`. Never fails: what cannot be
 * extracted is absent. [owner thread] */
uint32_t matcher_run(struct matcher *m, const struct event *evt, const struct fetch *fetch,
		     const struct rule *const **ret_rules);
