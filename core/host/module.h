/*
 * module: one opened plugin library, checked, with what it says about itself.
 *
 * A library is read once into a sealed memfd; the digest is taken over those bytes and those bytes
 * are what dlopen() gets, so that nobody can swap the file between check and use. Then the plugin
 * API version is compared, the exported symbols tell the capabilities, and all static metadata
 * (fields, sources, names of asynchronous events) is read and checked, before any init.
 *
 * A module is stateless and shared; what runs is an instance (instance.h), one per source thread.
 *
 * Lifetime: the texts are copies and live until module_close(), which must come after the last
 * instance is freed. Threads: opened and closed on [main]; read from any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/field.h"
#include "host/registry.h"
#include "util/err.h"
#include "util/str.h"

enum module_cap {
	MODULE_SOURCING = 1 << 0,
	MODULE_EXTRACTION = 1 << 1,
	MODULE_PARSING = 1 << 2,
	MODULE_ASYNC = 1 << 3,
	MODULE_LISTENING = 1 << 4,
	/* Beyond the plugin API 3.12, by symbols prefixed gyr_. */
	MODULE_OUTPUT = 1 << 8,
	MODULE_COMMIT = 1 << 9,
	MODULE_SHARDS = 1 << 10,
	MODULE_HOST = 1 << 11,    /* wants gyr_set_host */
	MODULE_BATCHED = 1 << 12, /* extract_fields takes several fields a call */
	MODULE_LASTING = 1 << 13, /* what its answers point to stays until the next event */
};

/* A list of event source names; empty means every source. */
struct module_sources {
	const struct str *names;
	uint32_t n;
};

struct module_symbols;

struct module {
	struct str name, version, description, contact, abi;
	uint32_t caps;           /* enum module_cap */
	uint32_t id;             /* of a source with its own event source; 0 otherwise */
	struct str source;       /* its event source; empty when it has none of its own */
	const char *source_cstr; /* the same, NUL-terminated, for struct event */
	struct str schema;       /* JSON Schema of its configuration; empty when it has none */
	struct module_sources extract_sources, parse_sources, async_sources;
	const struct str *async_events; /* names it may emit */
	uint32_t n_async_events;
	const struct field *fields; /* owner is 0 here; fields_build() sets it in its copies */
	uint32_t n_fields;
	const struct registry_entry *entry;
	const struct module_symbols *symbols; /* symbols.h */
};

/* Opens the library of @e. 0, or negative errno and @err with one sentence naming the file and the
 * cause (-ENOENT, -EBADMSG wrong digest, -ENOEXEC not loadable, -EPROTO wrong ABI or broken
 * capabilities, -EINVAL metadata or not what the manifest says). @policy is about the digest:
 * REGISTRY_REQUIRE wants one in every entry that a manifest brought, REGISTRY_WARN checks what is
 * there, REGISTRY_OFF does not look. */
int module_open(const struct registry_entry *e, enum registry_policy policy,
		struct module **ret_module, struct err *err);

/* Forgets the module. The library itself stays mapped until the process ends: a foreign runtime
 * (Go, C++) cannot be unloaded safely. @m may be NULL. */
struct module *module_close(struct module *m);

/* Whether events of @source are for it: in its list, or the list is empty. */
bool module_sources_have(const struct module_sources *s, struct str source);

/* Writes the names of its capabilities, "sourcing, extraction", and a NUL to @out[@size]. */
void module_caps_print(const struct module *m, char *out, size_t size);
