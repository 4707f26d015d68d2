/*
 * setup: what every command starts from: configuration, log, plugins, event sources, rules.
 *
 * Lifetime: setup_init() to setup_deinit(), after everything made from it. Threads: [main].
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/options.h"
#include "config/paths.h"
#include "event/field.h"
#include "ruleset/loader.h"
#include "run/plugset.h"
#include "util/log.h"

enum { SETUP_MAX_OPENINGS = 64, SETUP_MAX_SOURCES = 128 };

/* A source to open. */
struct opening {
	struct plug *plug;
	const char *params;
	const char *label; /* "name:params", for people */
};

/* An event source that rules may be about. */
struct evsource {
	const char *name;
	struct fieldset *fields;
	bool has_event_types;
};

struct setup {
	const struct options *opts;
	struct paths paths;
	struct config config, defaults;
	struct log log;
	struct plugset plugs;
	struct opening openings[SETUP_MAX_OPENINGS];
	struct evsource sources[SETUP_MAX_SOURCES];
	uint32_t n_openings, n_sources;
};

enum setup_scope {
	SETUP_RUN, /* the sources to open, and the extractors for them */
	SETUP_ALL, /* every source and extractor there is */
};

/* Configuration and log. */
int setup_init(struct setup *s, const struct options *opts, struct err *err);
void setup_deinit(struct setup *s);

/* Reads the configuration that @s was made of anew, into @c. What it does not say is taken from the
 * defaults of @s, which outlive it. The errnos of config_load(). */
int setup_load_config(const struct setup *s, struct config *c, struct err *err);

/* Makes the log as @c says. */
void setup_read_log(struct setup *s, const struct config *c);

/* The fields of the event sources, those of `static_fields` as @c has them. When it fails, with -EINVAL and
 * @err, they are as they were. */
int setup_fields(struct setup *s, struct config *c, struct err *err);

/* Reads the manifest and opens plugins. After setup_init(). */
int setup_plugins(struct setup *s, enum setup_scope scope, struct err *err);

/* Says that no event source is called @name, and which one may be meant: -EINVAL with @err. After
 * setup_plugins(). */
int setup_unknown_source(const struct setup *s, const char *name, struct err *err);

/* Options for a loader of rules, as configuration @c has them; in the arena of @c. */
int setup_rules_options(struct setup *s, struct config *c, struct rules_options *ret,
			struct err *err);

/* Adds the rules files: -r, else those of @c, else the ones that come with the program for the
 * event sources there are. */
int setup_add_rules(struct setup *s, struct config *c, struct rules_loader *l, struct err *err);

/* Logs the notes of @c, which then has none. */
void setup_tell_notes(const struct setup *s, struct config *c);
