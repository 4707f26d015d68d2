/*
 * config: the configuration, read, merged and checked.
 *
 * One main file, the files it names in config_files, the environment (${NAME} in scalars of files)
 * and -o options become one tree. One table (config_keys.def) says which keys exist, of which type,
 * with which default; reading, checking, --config-schema and the complaints are made from it.
 *
 * Mistakes that change what the program would do are errors; keys nobody knows and keys whose
 * feature is not there are notes, for the caller to log.
 *
 * Lifetime: config_init() to config_deinit(); everything read from it lives as long.
 * Threads: one until loaded; immutable after.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_node.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/err.h"

enum {
	CONFIG_MAX_FILES = 1000,
	CONFIG_MAX_NOTES = 100,
	CONFIG_MAX_EXPANSIONS = 100, /* ${NAME} in one scalar, those inside values included */
};

struct config {
	uint32_t refs;
	struct arena arena;
	struct config_node *root;
	const char *files[CONFIG_MAX_FILES]; /* in the order they were read, the main file first */
	uint32_t n_files;
	const char *notes[CONFIG_MAX_NOTES]; /* "file:line:column: text" */
	uint32_t n_notes, n_notes_lost;
};

/* Embedded: whoever owns it outlives all other references. */
void config_init(struct config *c);
void config_deinit(struct config *c);

/* On the heap: one reference, the caller's. NULL: memory is short. [main], as all of these */
struct config *config_new(void);
struct config *config_ref(struct config *c);
struct config *config_unref(struct config *c); /* NULL is fine, returns NULL */

/* What the command line sets: each "key=value". */
struct config_settings {
	uint32_t n;
	const char *const *items;
};

/* Reads @path (NULL: an empty configuration) and what it includes, then applies @settings. -EINVAL with @err for what a person got wrong, the errno of a file that cannot be
 * read (err is set too), -ENOMEM. */
int config_load(struct config *c, const char *path, const struct config_settings *settings,
		struct err *err);

/* As config_load(), with @text in place of the main file; @name stands for it in messages. */
int config_load_text(struct config *c, const char *name, struct str text,
		     const struct config_settings *settings, struct err *err);

/* Takes from @other what this configuration says nothing about; @other must outlive this one.
 * Only top-level keys for which @want says yes. */
void config_adopt(struct config *c, const struct config *other, bool (*want)(struct str key));

/* The node at @path, or NULL. @path must be a valid key path. */
const struct config_node *config_at(const struct config *c, const char *path);

/* The value at @path, a row of the key table, or the default of that row. */
bool config_bool(const struct config *c, const char *path);
uint64_t config_u64(const struct config *c, const char *path);
const char *config_str(const struct config *c, const char *path);

/* A scalar read as a type; -EINVAL when it is none. */
int config_node_bool(const struct config_node *n, bool *ret);
int config_node_u64(const struct config_node *n, uint64_t *ret);
int config_node_double(const struct config_node *n, double *ret);

/* Milliseconds from "1h30m", "500ms": numbers with ms, s, m, h, d, w or y, largest first. -EINVAL.
 */
int config_duration_ms(struct str text, uint64_t *ret_ms);

/* Bytes from "4096", "64MiB", "1GB". -EINVAL. */
int config_bytes(struct str text, uint64_t *ret);

/* Replaces "${NAME}" by the environment's value (unset: nothing) and "$${" by "${"; *ret is @text
 * itself or in @a. -EINVAL when values lead to more than CONFIG_MAX_EXPANSIONS, -ENOMEM. */
int config_expand(struct str text, struct arena *a, struct str *ret, struct err *err);

/* Checks the tree against the table: notes for unknown keys, -EINVAL for values of a wrong type. */
int config_check(struct config *c, struct err *err);

/* Whether @key may be that of an output plugin, "<name>_output"; some that end so are not. */
bool config_key_of_output(struct str key);

/* Adds a note; counted as lost when there are too many. @place may be on the command line. */
void config_note(struct config *c, struct config_place place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends the JSON schema (draft 6) of the configuration. */
void config_schema(struct buf *b);
