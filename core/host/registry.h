/*
 * registry: which plugins there are, as the manifest says, before any of them is opened.
 *
 * The manifest (registry.yaml) is the list that the build makes from every plugin.yaml: one entry a
 * plugin with its ID, name, kind, library and the SHA-256 of that library. A plugin is asked for by
 * ID or by name; nothing else is opened. A plugin that is in no manifest (a `plugins:` entry of the
 * configuration with a library path) becomes an entry too, with no ID and no digest.
 *
 * Lifetime: entries and all their texts live until registry_free(). Threads: [main] only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"
#include "util/str.h"

enum registry_kind { REGISTRY_SOURCE, REGISTRY_EXTRACTOR, REGISTRY_OUTPUT, REGISTRY_UNKNOWN };

enum registry_policy { REGISTRY_REQUIRE, REGISTRY_WARN, REGISTRY_OFF };

enum registry_digest {
	REGISTRY_DIGEST_OK,
	REGISTRY_DIGEST_MISMATCH,
	REGISTRY_DIGEST_MISSING,   /* the library is not there or cannot be read */
	REGISTRY_DIGEST_UNCHECKED, /* the entry has no digest */
};

enum registry_signature {
	REGISTRY_SIGNATURE_OFF,     /* not looked at */
	REGISTRY_SIGNATURE_OK,      /* by one of the keys */
	REGISTRY_SIGNATURE_MISSING, /* no .sig beside the manifest, or no key to check it with */
	REGISTRY_SIGNATURE_BAD,
};

/* How a manifest is checked. The signature is detached: 64 raw bytes (Ed25519, RFC 8032) over the
 * exact bytes of the manifest, in a file of its name plus ".sig". */
struct registry_trust {
	enum registry_policy signature;
	const char *const *key_files; /* public keys, PEM; any of them will do */
	uint32_t n_keys;
};

struct registry_entry {
	uint32_t id;     /* 0 for a plugin that is in no manifest */
	struct str name; /* empty until opened when in no manifest and not named by the caller */
	enum registry_kind kind;
	struct str version, abi;
	struct str source;   /* the event source of a source; may be empty */
	struct str *sources; /* of an extractor; none or "*" = every source */
	uint32_t n_sources;
	struct str *engines; /* engine.kind of a configuration that means this source */
	uint32_t n_engines;
	struct str *config; /* places in a configuration that its parameters hold, too */
	uint32_t n_config;
	struct str license, description;
	bool is_recorded;   /* a source whose events happened before: nothing is added to them */
	struct str *tables; /* state tables that it offers to other plugins */
	uint32_t n_tables;
	struct str library; /* as written */
	struct str path;    /* where it is; NUL-terminated in memory */
	bool has_sha256;
	uint8_t sha256[32];
	struct str manifest; /* path of the manifest it came from; empty for none */
	unsigned line;       /* of the entry in its manifest, from 1 */
};

struct registry;

struct registry *registry_new(void);
struct registry *registry_free(struct registry *r);

/* Reads a manifest and adds its entries. Library paths in it are relative to its own folder and may
 * not leave it. 0; -ENOENT when there is no such file; -EINVAL with @err (whose text starts with
 * "file:line:column") when anything in it is wrong: then nothing was added. Bounds: 4 MiB of
 * manifest, 4096 entries. *ret_signature (may be NULL) says how the check came out: under
 * REGISTRY_WARN the caller reports what is not OK. */
int registry_load(struct registry *r, const char *path, const struct registry_trust *trust,
		  enum registry_signature *ret_signature, struct err *err);

/* Adds a plugin by the path of its library, under @name (may be empty: what the library says). When
 * an entry with this path, or this name and this path, is there already, that one is returned.
 * -EEXIST with @err when the name belongs to another library; -ENOMEM. */
int registry_add_path(struct registry *r, struct str name, struct str path,
		      const struct registry_entry **ret_entry, struct err *err);

/* NULL when there is none. */
const struct registry_entry *registry_find_id(const struct registry *r, uint32_t id);
const struct registry_entry *registry_find_name(const struct registry *r, struct str name);
const struct registry_entry *registry_find_path(const struct registry *r, struct str path);

/* The source that engine.kind @kind means: one that says so, or has this name. */
const struct registry_entry *registry_find_engine(const struct registry *r, struct str kind);

/* By ID (decimal) or by name, as people ask. -ENOENT with @err; the hint names the nearest. */
int registry_ask(const struct registry *r, struct str id_or_name,
		 const struct registry_entry **ret_entry, struct err *err);

uint32_t registry_count(const struct registry *r);
const struct registry_entry *registry_at(const struct registry *r, uint32_t n);

/* Reads the library now and compares; for lists, since opening checks by itself. */
enum registry_digest registry_check(const struct registry_entry *e);

const char *registry_kind_name(enum registry_kind k);
const char *registry_digest_name(enum registry_digest d);

/* "require", "warn" or "off"; -EINVAL for anything else. */
int registry_policy_parse(struct str text, enum registry_policy *ret_policy);
