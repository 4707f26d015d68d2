/*
 * options: the command line.
 *
 * Lifetime: texts are those of argv, or live in the options; options_init() to options_deinit().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/err.h"

enum { OPTIONS_MAX_LIST = 256 };

enum options_format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_JSON };

struct options_list {
	const char *items[OPTIONS_MAX_LIST];
	uint32_t n;
};

struct options {
	struct arena arena;
	const char *config;
	struct options_list rules, settings, validate, enable_sources, disable_sources;
	struct options_list sources; /* NAME:PARAMS */
	const char *command;         /* NULL: run; else explain, fmt or test */
	struct options_list args;    /* of the command */
	struct options_list notes;   /* options that do nothing any more */
	bool help, version, page_size, config_schema, rule_schema, dry_run, verbose, unbuffered;
	bool list, list_names_only, list_events, ignored_events, list_plugins, describe_rules;
	const char *list_source, *plugin_info, *describe_rule, *pidfile, *log_level;
	enum options_format format;
	bool has_format, has_markdown; /* given as such */
	bool check, profile, once, base64, support;
	const char *junit;
	const char *record; /* file that gets all events */
	bool only_record;   /* no rules */
	bool has_duration;
	double duration_s;
};

void options_init(struct options *o);
void options_deinit(struct options *o);

/* -EINVAL with @err (and its hint) for what cannot be understood. */
int options_parse(struct options *o, int argc, char *const *argv, struct err *err);

/* What --help prints. */
void options_help(struct buf *b);
