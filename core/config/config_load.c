/*
 * config_load: files, environment and options to one tree.
 *
 * The order matters and is Falco's: the main file; options about config_files; the files named
 * there, each merged by its strategy; then all other options, which so win over every file. Only
 * top-level keys are merged: "append" joins two lists and replaces anything else, "override"
 * replaces, "add-only" keeps what is there. Options about config_files are applied once: applied
 * again after the merge they would add the same file twice.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/config.h"
#include "util/mem.h"
#include "util/yaml.h"

enum merge { MERGE_APPEND, MERGE_OVERRIDE, MERGE_ADD_ONLY };

enum { CONFIG_MAX_BYTES = 64 << 20 };

void config_init(struct config *c)
{
	*c = (struct config){.refs = 1, .arena = {.cap_bytes = CONFIG_MAX_BYTES}};
}

struct config *config_new(void)
{
	struct config *c = mem_new(sizeof(*c));

	if (c)
		config_init(c);
	return c;
}

struct config *config_ref(struct config *c)
{
	c->refs++;
	return c;
}

struct config *config_unref(struct config *c)
{
	if (!c || --c->refs)
		return NULL;
	config_deinit(c);
	return mem_free(c);
}

void config_deinit(struct config *c)
{
	arena_deinit(&c->arena);
	*c = (struct config){0};
}

void config_note(struct config *c, struct config_place place, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	const char *note;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (place.line)
		note = arena_printf(&c->arena, "%s:%u:%u: %s", place.file, place.line, place.column,
				    text);
	else
		note = arena_printf(&c->arena, "-o: %s", text);
	if (!note || c->n_notes == CONFIG_MAX_NOTES)
		c->n_notes_lost++;
	else
		c->notes[c->n_notes++] = note;
}

/* One "${...}" or "$${" at the start of what is left of @text; returns where to go on. */
static size_t expand_one(struct buf *b, size_t at)
{
	struct str rest = {b->p + at, b->len - at};
	const char *end;
	char name[256], *tail;
	const char *value;
	size_t len;

	if (rest.len < 2 || rest.p[1] != '{') {
		bool escaped = rest.len > 2 && rest.p[1] == '$' && rest.p[2] == '{';

		if (!escaped)
			return at + 1;
		memmove(b->p + at, b->p + at + 1, b->len - at);
		b->len--;
		return at + 2;
	}
	end = memchr(rest.p, '}', rest.len);
	len = end ? (size_t)(end - rest.p) - 2 : 0;
	if (!end || len >= sizeof(name))
		return b->len;
	memcpy(name, rest.p + 2, len);
	name[len] = '\0';
	value = getenv(name);
	tail = mem_dup(end + 1, rest.len - len - 3);
	if (!tail) {
		b->failed = true;
		return b->len;
	}
	b->len = at;
	buf_add_cstr(b, value ? value : "");
	buf_add(b, tail, rest.len - len - 3);
	(void)mem_free(tail);
	return at;
}

int config_expand(struct str text, struct arena *a, struct str *ret, struct err *err)
{
	struct buf b;
	size_t at = 0;
	char *dollar;

	if (!text.len || !memchr(text.p, '$', text.len)) {
		*ret = text;
		return 0;
	}
	buf_init(&b, 1 << 20);
	buf_add_str(&b, text);
	for (uint32_t n = 0; at < b.len && !b.failed; n++) {
		dollar = memchr(b.p + at, '$', b.len - at);
		if (!dollar)
			break;
		if (n == CONFIG_MAX_EXPANSIONS) {
			buf_deinit(&b);
			err_set(err, 0, text.len,
				"'%.*s': the values of environment variables lead on without end",
				STR_FMT(text));
			return -EINVAL;
		}
		at = expand_one(&b, (size_t)(dollar - b.p));
	}
	*ret = b.failed ? (struct str){0} : arena_str(a, buf_str(&b));
	buf_deinit(&b);
	return ret->p ? 0 : -ENOMEM;
}

struct reading {
	struct config *c;
	const char *file;
	bool expand; /* environment variables */
	bool is_option;
	struct err *err;
};

static struct config_place place_of(const struct reading *rd, const struct yaml_node *y)
{
	if (rd->is_option)
		return (struct config_place){.file = "-o"};
	return (struct config_place){rd->file, y->start.line + 1, y->start.column + 1};
}

static int convert(const struct reading *rd, const struct yaml_node *y, struct config_node **ret);

static int convert_text(const struct reading *rd, const struct yaml_node *y, struct str *ret)
{
	struct str text = y->text;
	int r = 0;

	if (rd->expand)
		r = config_expand(text, &rd->c->arena, &text, rd->err);
	if (r < 0) {
		config_place_context(place_of(rd, y), rd->err);
		return r;
	}
	*ret = arena_str(&rd->c->arena, text);
	return ret->p ? 0 : -ENOMEM;
}

static int convert_pair(const struct reading *rd, const struct yaml_pair *p,
			struct config_node *map)
{
	struct config_node *child;
	struct str key;
	int r;

	if (p->key->kind != YAML_SCALAR && p->key->kind != YAML_NULL) {
		err_set(rd->err, 0, 0, "a key must be text, not a %s", yaml_kind_name(p->key));
		config_place_context(place_of(rd, p->key), rd->err);
		return -EINVAL;
	}
	key = arena_str(&rd->c->arena, p->key->text);
	if (!key.p)
		return -ENOMEM;
	if (config_node_child(map, key)) {
		config_note(rd->c, place_of(rd, p->key), "'%.*s' is given twice: the first counts",
			    STR_FMT(key));
		return 0;
	}
	r = convert(rd, p->value, &child);
	if (r < 0)
		return r;
	config_node_add(map, key, child);
	return 0;
}

/* Depth is bounded by the YAML parser. */
static int convert(const struct reading *rd, const struct yaml_node *y, struct config_node **ret)
{
	static const enum config_kind kinds[] = {
		[YAML_NULL] = CONFIG_NULL,
		[YAML_SCALAR] = CONFIG_SCALAR,
		[YAML_SEQ] = CONFIG_SEQ,
		[YAML_MAP] = CONFIG_MAP,
	};
	struct config_node *n = config_node_new(&rd->c->arena, kinds[y->kind], place_of(rd, y));
	int r = 0;

	if (!n)
		return -ENOMEM;
	n->quoted = y->style != YAML_PLAIN;
	if (y->kind == YAML_SCALAR)
		r = convert_text(rd, y, &n->text);
	for (uint32_t i = 0; r == 0 && y->kind == YAML_SEQ && i < y->n; i++) {
		struct config_node *child;

		r = convert(rd, y->items[i], &child);
		if (r == 0)
			config_node_add(n, (struct str){0}, child);
	}
	for (uint32_t i = 0; r == 0 && y->kind == YAML_MAP && i < y->n; i++)
		r = convert_pair(rd, &y->pairs[i], n);
	if (r < 0)
		return r;
	*ret = n;
	return 0;
}

/* The root of a parsed file as a map; an empty file is an empty map. */
static int read_root(const struct reading *rd, const struct yaml_file *y, struct config_node **ret)
{
	const struct yaml_node *root = y->n_docs ? y->docs[0] : NULL;
	int r;

	if (y->n_docs > 1) {
		err_set(rd->err, 0, 0, "a configuration is one YAML document, not %u", y->n_docs);
		config_place_context(place_of(rd, y->docs[1]), rd->err);
		return -EINVAL;
	}
	if (!root || root->kind == YAML_NULL) {
		*ret = config_node_new(&rd->c->arena, CONFIG_MAP,
				       (struct config_place){rd->file, 1, 1});
		return *ret ? 0 : -ENOMEM;
	}
	if (root->kind != YAML_MAP) {
		err_set(rd->err, 0, 0, "a configuration is a map of keys, not a %s",
			yaml_kind_name(root));
		config_place_context(place_of(rd, root), rd->err);
		return -EINVAL;
	}
	r = convert(rd, root, ret);
	return r;
}

static int read_text(struct config *c, const char *name, const struct str *text,
		     struct config_node **ret, struct err *err)
{
	struct reading rd = {.c = c, .expand = true, .err = err};
	struct yaml_mark at = {0};
	struct yaml_file *y;
	int r;

	rd.file = arena_printf(&c->arena, "%s", name);
	if (!rd.file)
		return -ENOMEM;
	if (c->n_files == CONFIG_MAX_FILES) {
		err_set(err, 0, 0, "%s: more than %d configuration files", name, CONFIG_MAX_FILES);
		return -EINVAL;
	}
	r = text ? yaml_parse(name, *text, &y, &at, err) : yaml_load(name, &y, &at, err);
	if (r == -EINVAL)
		config_place_context((struct config_place){rd.file, at.line + 1, at.column + 1},
				     err);
	else if (r < 0 && r != -ENOMEM)
		err_context(err, "configuration '%s'", name);
	if (r < 0)
		return r;
	c->files[c->n_files++] = rd.file;
	r = read_root(&rd, y, ret);
	(void)yaml_close(y);
	return r;
}

/* The value of an option: a flow map in braces, or text. */
static int option_value(struct config *c, struct str option, struct str value,
			struct config_node **ret, struct err *err)
{
	struct reading rd = {.c = c, .file = "-o", .is_option = true, .err = err};
	struct yaml_mark at = {0};
	struct yaml_file *y;
	int r;

	if (!value.len || value.p[0] != '{') {
		*ret = config_node_new(&c->arena, CONFIG_SCALAR,
				       (struct config_place){.file = "-o"});
		if (!*ret)
			return -ENOMEM;
		(*ret)->text = arena_str(&c->arena, value);
		return (*ret)->text.p ? 0 : -ENOMEM;
	}
	r = yaml_parse("-o", value, &y, &at, err);
	if (r < 0) {
		err_context(err, "-o '%.*s'", STR_FMT(option));
		return r;
	}
	r = read_root(&rd, y, ret);
	(void)yaml_close(y);
	return r;
}

static int option_apply(struct config *c, const char *option, struct err *err)
{
	const char *equals = strchr(option, '=');
	struct str key = {option, equals ? (size_t)(equals - option) : 0};
	struct config_node *value, *place;
	int r;

	if (!equals || equals == option) {
		err_set(err, 0, strlen(option), "-o '%s': write key=value", option);
		return -EINVAL;
	}
	r = option_value(c, str_from(option), str_from(equals + 1), &value, err);
	if (r < 0)
		return r;
	r = config_node_make(c->root, key, &c->arena, &place, err);
	if (r == -EINVAL)
		err_context(err, "-o '%s'", option);
	if (r < 0)
		return r;
	config_node_assign(place, value);
	return 0;
}

static bool option_is_about_files(const char *option)
{
	static const struct str key = {"config_files", 12};

	if (strncmp(option, key.p, key.len) != 0)
		return false;
	return strchr("=[.", option[key.len]) != NULL && option[key.len];
}

static int options_apply(struct config *c, const struct config_settings *settings, bool about_files,
			 struct err *err)
{
	int r = 0;

	for (uint32_t i = 0; i < settings->n && r == 0; i++)
		if (option_is_about_files(settings->items[i]) == about_files)
			r = option_apply(c, settings->items[i], err);
	return r;
}

static void merge(struct config *c, struct config_node *from, enum merge how)
{
	struct config_node *next;

	for (struct config_node *n = from->first; n; n = next) {
		struct config_node *old = config_node_child(c->root, n->key);

		next = n->next;
		if (!old) {
			config_node_add(c->root, n->key, n);
		} else if (how == MERGE_APPEND && old->kind == CONFIG_SEQ &&
			   n->kind == CONFIG_SEQ) {
			if (old->last)
				old->last->next = n->first;
			else
				old->first = n->first;
			old->last = n->last ? n->last : old->last;
		} else if (how != MERGE_ADD_ONLY) {
			config_node_assign(old, n);
		}
	}
}

static int include_file(struct config *c, const char *path, enum merge how,
			const struct config_node *from, struct err *err)
{
	struct config_node *root;
	const struct config_node *nested;
	int r = read_text(c, path, NULL, &root, err);

	if (r < 0)
		return r;
	nested = config_node_child(root, STR("config_files"));
	if (nested) {
		err_set(err, 0, 0, "a file named in config_files may not name others");
		config_place_context(nested->place, err);
		if (from->place.line)
			err_hint(err, "it is included at %s:%u", from->place.file,
				 from->place.line);
		return -EINVAL;
	}
	merge(c, root, how);
	return 0;
}

static int only_visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int include_directory(struct config *c, const char *path, enum merge how,
			     const struct config_node *from, struct err *err)
{
	struct dirent **names;
	int r = 0, n = scandir(path, &names, only_visible, alphasort);

	if (n < 0) {
		r = -errno;
		err_set(err, 0, 0, "configuration directory '%s': %s", path, strerror(-r));
		return r;
	}
	for (int i = 0; i < n; i++) {
		const char *file = arena_printf(&c->arena, "%s/%s", path, names[i]->d_name);
		struct stat st;

		if (!file)
			r = -ENOMEM;
		else if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			r = include_file(c, file, how, from, err);
		free(names[i]);
	}
	free(names);
	return r;
}

static enum merge strategy_of(struct config *c, const struct config_node *entry)
{
	const struct config_node *s = config_node_child(entry, STR("strategy"));

	if (!s || str_is(s->text, "append"))
		return MERGE_APPEND;
	if (str_is(s->text, "override"))
		return MERGE_OVERRIDE;
	if (str_is(s->text, "add-only"))
		return MERGE_ADD_ONLY;
	config_note(c, s->place,
		    "strategy '%.*s' is not one of append, override, add-only: "
		    "taken as append",
		    STR_FMT(s->text));
	return MERGE_APPEND;
}

static int include(struct config *c, const struct config_node *entry, struct err *err)
{
	const struct config_node *path = entry;
	enum merge how = MERGE_APPEND;
	struct stat st;

	if (entry->kind == CONFIG_MAP) {
		path = config_node_child(entry, STR("path"));
		how = strategy_of(c, entry);
	}
	if (!path || path->kind != CONFIG_SCALAR) {
		err_set(err, 0, 0,
			"config_files: an entry is a path, or a map with 'path' and "
			"'strategy'");
		config_place_context(entry->place, err);
		return -EINVAL;
	}
	if (stat(path->text.p, &st) < 0)
		return 0; /* a missing file is skipped: packages drop files in later */
	if (S_ISDIR(st.st_mode))
		return include_directory(c, path->text.p, how, entry, err);
	return include_file(c, path->text.p, how, entry, err);
}

static int include_all(struct config *c, struct err *err)
{
	const struct config_node *list = config_node_child(c->root, STR("config_files"));
	int r = 0;

	if (!list || list->kind == CONFIG_NULL)
		return 0;
	if (list->kind != CONFIG_SEQ)
		return include(c, list, err);
	for (const struct config_node *n = list->first; n && r == 0; n = n->next)
		r = include(c, n, err);
	return r;
}

static int load(struct config *c, const struct config_settings *settings, struct err *err)
{
	int r = options_apply(c, settings, true, err);

	if (r == 0)
		r = include_all(c, err);
	if (r == 0)
		r = options_apply(c, settings, false, err);
	if (r == 0)
		r = config_check(c, err);
	return r;
}

int config_load_text(struct config *c, const char *name, struct str text,
		     const struct config_settings *settings, struct err *err)
{
	int r = read_text(c, name, &text, &c->root, err);

	return r < 0 ? r : load(c, settings, err);
}

int config_load(struct config *c, const char *path, const struct config_settings *settings,
		struct err *err)
{
	int r = 0;

	if (path)
		r = read_text(c, path, NULL, &c->root, err);
	else
		c->root = config_node_new(&c->arena, CONFIG_MAP, (struct config_place){0});
	if (r == 0 && !c->root)
		r = -ENOMEM;
	return r < 0 ? r : load(c, settings, err);
}

void config_adopt(struct config *c, const struct config *other, bool (*want)(struct str key))
{
	for (const struct config_node *n = other->root ? other->root->first : NULL; n;
	     n = n->next) {
		struct config_node *copy;

		if (!want(n->key) || config_node_child(c->root, n->key))
			continue;
		copy = config_node_new(&c->arena, n->kind, n->place);
		if (!copy)
			return;
		config_node_assign(copy, n);
		config_node_add(c->root, n->key, copy);
	}
}
