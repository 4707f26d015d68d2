/*
 * outputs: the outputs the configuration asks for, each bound to its plugin.
 *
 * A key "<name>_output" with `enabled: true` is an instance of the output plugin <name>, with the
 * rest of the map as its parameters; `outputs:` is a list of {plugin, name, config}, for several
 * instances of one plugin. Either may say how alerts are delivered (output_options.h). A parameter
 * "format" (text or json, from json_output) is added for plugins that have such a parameter and were
 * not given it.
 *
 * Lifetime: outputs_new() to outputs_free(). Threads: [main].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "route/output.h"
#include "run/setup.h"
#include "sched/loop.h"

enum {
	OUTPUTS_MAX = 32,
	OUTPUTS_LINGER_MS = 200, /* with buffered_outputs, unless an output says otherwise */
};

struct outputs;

/* Opens all of them; @blocks: what "auto" means for a full queue; @loop is woken when one is over.
 * -EINVAL with @err, which is set too when no output is enabled. */
int outputs_new(struct setup *s, bool blocks, struct loop *loop, struct outputs **ret,
		struct err *err);

/* Whether not one is left that somebody reads. */
bool outputs_are_over(const struct outputs *o);

/* Lets every output drain, side by side; counters stay. */
void outputs_drain(struct outputs *o);
struct outputs *outputs_free(struct outputs *o);

/* The names of the outputs that the configuration enables, in the order in which outputs_new() opens
 * them; in its arena. -ENOMEM. */
int outputs_names(struct setup *s, const char *const **ret, uint32_t *ret_n);

/* Their templates in the same order; NULL for one that takes the usual text. */
int outputs_templates(struct setup *s, const char *const **ret);

void outputs_reopen(struct outputs *o);

/* The end is near: outputs that keep a source waiting take no more alerts. */
void outputs_let_go(struct outputs *o);

/* Tells of outputs that have been busy with one batch for more than @timeout_ms. */
void outputs_look(struct outputs *o, uint32_t timeout_ms);
struct output *const *outputs_list(const struct outputs *o, uint32_t *ret_n);
