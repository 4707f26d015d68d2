/*
 * outputs: the outputs the configuration asks for, each bound to its plugin.
 *
 * A key "<name>_output" with `enabled: true` is an instance of the output plugin <name>, with the
 * rest of the map as its parameters; `outputs:` is a list of {plugin, name, config}, for several
 * instances of one plugin. Either may say how alerts are delivered (output_options.h). A parameter
 * "format" (text or json, from json_output) is added for plugins that have such a parameter and were
 * not given it.
 *
 * A reload changes them in three steps: prepare opens what is new beside what is there; then source
 * threads are offered the new set; commit lets go of what is no longer asked for. An output is the
 * same as before when its name is. Unchanged, it is left alone; with another destination, batch, retry
 * or circuit breaker it keeps queue, spool and counters; with another queue, delivery, spool or dead
 * letter file it is replaced, but not where something may wait in it that must not be lost: that
 * takes a restart, which is said. One that goes delivers what it holds, within its drain time.
 *
 * Lifetime: outputs_new() to outputs_free(). Threads: [main].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "route/output.h"
#include "route/outset.h"
#include "config/config_alerts.h"
#include "run/setup.h"
#include "sched/loop.h"

enum {
	OUTPUTS_MAX = OUTSET_MAX,
	OUTPUTS_LEAVING_MAX = 64,   /* outputs on their way out */
	OUTPUTS_PAST_MAX = 64,      /* names of outputs that went, whose counts are kept apart */
	OUTPUTS_SETS_MAX = 16,      /* that source threads have not yet let go of */
	OUTPUTS_PATIENCE_MS = 2000, /* with a source that waits for one that leaves */
	OUTPUTS_LINGER_MS = 200,    /* with buffered_outputs, unless an output says otherwise */
};

struct outputs;

/* Opens all that the configuration of @s asks for; @blocks: what "auto" means for a full queue; @loop is
 * woken when one is over. -EINVAL with @err, which is set too when no output is enabled. */
int outputs_new(struct setup *s, bool blocks, struct loop *loop, struct outputs **ret,
		struct err *err);
struct outputs *outputs_free(struct outputs *o);

/* The names of the outputs that @c asks for and their templates, in its arena. The errnos of mount_list(). */
int outputs_names(struct setup *s, struct config *c, struct output_names *ret, struct err *err);

/* Makes ready for what @c asks for. Nothing has changed yet: either commit or abort follows. -EINVAL with
 * @err, -EBUSY with @err while earlier changes are under way. */
int outputs_prepare(struct outputs *o, struct config *c, struct err *err);

/* The set of outputs in use; between prepare and commit, the one to come. */
struct outset *outputs_set(const struct outputs *o);
struct outset *outputs_next_set(const struct outputs *o);

void outputs_commit(struct outputs *o);
void outputs_abort(struct outputs *o);

/* Now and then: outputs that are no longer asked for go, once no source has them and they have drained. */
void outputs_tidy(struct outputs *o);

/* Outputs that went or are on their way out: the @i-th, and false past the last; @name is valid until the
 * next call of outputs_tidy(). */
bool outputs_past(const struct outputs *o, uint32_t i, const char **name,
		  struct output_counters *ret);

/* Whether not one is left that somebody reads. */
bool outputs_are_over(const struct outputs *o);

/* Lets every output drain, side by side. [main] is woken when one has ended. */
void outputs_stop(struct outputs *o);
bool outputs_have_ended(const struct outputs *o);

/* Somebody waits for that: see output_hurry(). */
void outputs_hurry(struct outputs *o);

/* Waits until all have drained; counters stay. */
void outputs_drain(struct outputs *o);

void outputs_reopen(struct outputs *o);

/* The end is near: outputs that keep a source waiting take no more alerts. */
void outputs_let_go(struct outputs *o);

/* Tells of outputs that have been busy with one batch for more than @timeout_ms. */
void outputs_look(struct outputs *o, uint32_t timeout_ms);
struct output *const *outputs_list(const struct outputs *o, uint32_t *ret_n);
