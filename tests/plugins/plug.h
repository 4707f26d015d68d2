/*
 * plug: one built plugin, loaded as the program loads it, to be asked by tests.
 *
 * Lifetime: plug_open() to plug_close(). Threads: one.
 */
#pragma once

#include "host/fetcher.h"
#include "host/instance.h"
#include "host/module.h"
#include "host/source.h"

struct plug {
	struct registry *registry;
	struct services services;
	struct module *module;
	struct instance *instance, *list[2];
	struct fetcher *fetcher;
	struct err err;
};

/* Loads build/plugins/@name.so with @config; a failure fails the test. */
void plug_open(struct plug *x, const char *name, const char *config);

/* The same, with the state tables of @tables (may be NULL), which are the caller's. */
struct tables;
void plug_open_with(struct plug *x, const char *name, const char *config, struct tables *tables);

void plug_close(struct plug *x);

/* Shows it an event, as the pipeline does before any rule. */
ss_plugin_rc plug_parse(struct plug *x, const ss_plugin_event_input *evt,
			const ss_plugin_event_parse_input *in);

/* Asks @field of @evt and prints the answer as alert text does. Valid until the next call. */
const char *plug_ask(struct plug *x, const struct event *evt, const char *field, const char *arg);
