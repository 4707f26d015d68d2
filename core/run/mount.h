/*
 * mount: an output of the configuration, bound to its plugin: what a sink works on.
 *
 * Lifetime: mount_new() to mount_free(), after its sink was closed; it has a reference to the
 * configuration its texts are in. Threads: [main]; the sink by the rules of route/output.h.
 */
#pragma once

#include <stdbool.h>

#include "config/config.h"
#include "host/services.h"
#include "route/output.h"
#include "run/setup.h"

/* An output as the configuration asks for it: a key "<name>_output", or an entry of `outputs:`. */
struct asked {
	struct config *from;
	const char *name;
	const struct config_node *node;    /* where it is */
	const struct config_node *config;  /* parameters of the plugin; may be NULL */
	const struct config_node *options; /* how alerts get there; may be the same map */
	const char *template;              /* NULL: the usual text */
};

struct mount {
	struct config *config;
	struct plug *plug;
	const char *params;        /* JSON */
	struct output_setup setup; /* the sink is this one */
	struct services services;
	struct instance *inst; /* while it is open; of the output's thread */
	void *handle;
};

/* @blocks: what "auto" means for a full queue. The plugin is opened, the sink is
 * not. -EINVAL with @err, -ENOMEM, the errnos of plugins. */
int mount_new(struct setup *s, const struct asked *ask, bool blocks, struct mount **ret,
	      struct err *err);
struct mount *mount_free(struct mount *m); /* NULL is fine */

/* The outputs that @c asks for, in its arena: those by key, then those by list. The count, at most
 * OUTPUTS_MAX. A key without a plugin is told when @tells. -EINVAL with @err for an entry without a plugin, -ENOMEM. */
int mount_list(struct setup *s, struct config *c, struct asked *ret, bool tells, struct err *err);

/* Whether both write the same to the same place; are tuned alike (what output_decide() changes); and keep what
 * waits alike. */
bool mount_is_same_sink(const struct mount *a, const struct mount *b);
bool mount_is_same_pace(const struct mount *a, const struct mount *b);
bool mount_is_same_frame(const struct mount *a, const struct mount *b);

/* Gives @m what is compared by mount_is_same_frame() from @from, which outlives its use. */
void mount_keep_frame(struct mount *m, const struct mount *from);
