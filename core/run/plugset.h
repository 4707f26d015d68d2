/*
 * plugset: the plugins of this run: what the manifest offers, what the configuration adds, and what
 * of it was opened.
 *
 * Nothing is opened before it is needed. A plugin of the configuration whose library path is
 * `libNAME.so`, as in Falco's, is taken from the manifest by its name, so that existing configurations
 * find the plugin of the same name here. Any other path is that of a file: when there is none, the
 * manifest's plugin of the name is taken, and that is told.
 *
 * Lifetime: plugset_init() to plugset_deinit(), after everything made from the modules.
 * Threads: [main]; modules are read from any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/paths.h"
#include "host/module.h"
#include "host/registry.h"

enum { PLUGSET_MAX = 256 };

struct plug {
	const struct registry_entry *entry;
	struct module *module; /* NULL until opened */
	struct str init_config;
	const char *open_params; /* NULL: none given */
	bool is_configured;      /* by the configuration's list */
	bool is_carried;         /* its events come from the source of another plugin */
};

struct plugset {
	struct registry *registry;
	enum registry_policy digest;
	enum registry_signature signature;
	enum registry_policy signature_policy;
	struct plug plugs[PLUGSET_MAX];
	uint32_t n;
	const struct paths *paths;
	struct config *config;
};

/* Reads the manifest and the configuration's list; opens nothing. -EINVAL and other errnos with
 * @err; a manifest that is not there is fine unless it was asked for. */
int plugset_init(struct plugset *s, struct config *c, const struct paths *paths, struct err *err);
void plugset_deinit(struct plugset *s);

/* The plug for an ID, a name or the path of a library. -ENOENT with @err. */
int plugset_ask(struct plugset *s, const char *what, struct plug **ret, struct err *err);

/* The plug of an entry, made when there is none yet. -ENOSPC with @err. */
int plugset_add(struct plugset *s, const struct registry_entry *e, struct plug **ret,
		struct err *err);

/* Copies what is at @from in the configuration to @to of @params (all of it for ""), and what is under
 * each key that the manifest of @e names. Nothing where the configuration has nothing. */
int plugset_copy_config(struct plugset *s, const char *from, struct config_node *params,
			struct str to, struct err *err);
int plugset_copy_manifest(struct plugset *s, const struct registry_entry *e,
			  struct config_node *params, struct err *err);

/* Opens it unless it is open. The errnos of module_open(). */
int plugset_open(struct plugset *s, struct plug *p, struct err *err);

/* Opens the manifest's extractors for events of @source, but those whose source plugin was brought
 * from outside and answers for itself. */
int plugset_open_extractors(struct plugset *s, struct str source, struct err *err);

/* Name of the event source of an opened source plugin. */
struct str plug_source(const struct plug *p);
bool plug_is_source(const struct plug *p);
