/*
 * registry: the manifest as a list, small enough that every look-up walks it.
 *
 * A manifest is read whole before any of its entries counts: the first mistake in it refuses all of
 * it, because a plugin silently missing from a router is worse than one that does not start. The
 * signature, when asked for, is over the bytes as they are, and is checked before they are parsed.
 */
#include "host/registry.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/digest.h"
#include "util/ascii.h"
#include "util/arena.h"
#include "util/mem.h"
#include "util/nearest.h"
#include "util/yaml.h"

enum {
	MANIFEST_MAX_BYTES = 4 << 20,
	ENTRIES_MAX = 4096,
	NAMES_MAX = 256,
};

struct registry {
	struct arena arena;
	struct registry_entry **entries;
	uint32_t n, size;
};

struct registry *registry_new(void)
{
	return mem_new(sizeof(struct registry));
}

struct registry *registry_free(struct registry *r)
{
	if (!r)
		return NULL;
	mem_free(r->entries);
	arena_deinit(&r->arena);
	return mem_free(r);
}

static int add(struct registry *r, const struct registry_entry *e, struct registry_entry **ret)
{
	struct registry_entry *copy;

	if (r->n == r->size) {
		uint32_t size = r->size ? r->size * 2 : 32;
		void *p = mem_grow(r->entries, size, sizeof *r->entries);

		if (!p)
			return -ENOMEM;
		r->entries = p;
		r->size = size;
	}
	copy = arena_alloc(&r->arena, sizeof *copy);
	if (!copy)
		return -ENOMEM;
	*copy = *e;
	r->entries[r->n++] = copy;
	if (ret)
		*ret = copy;
	return 0;
}

uint32_t registry_count(const struct registry *r)
{
	return r->n;
}

const struct registry_entry *registry_at(const struct registry *r, uint32_t n)
{
	return n < r->n ? r->entries[n] : NULL;
}

const struct registry_entry *registry_find_id(const struct registry *r, uint32_t id)
{
	for (uint32_t i = 0; id && i < r->n; i++)
		if (r->entries[i]->id == id)
			return r->entries[i];
	return NULL;
}

const struct registry_entry *registry_find_name(const struct registry *r, struct str name)
{
	for (uint32_t i = 0; name.len && i < r->n; i++)
		if (str_eq(r->entries[i]->name, name))
			return r->entries[i];
	return NULL;
}

const struct registry_entry *registry_find_path(const struct registry *r, struct str path)
{
	for (uint32_t i = 0; i < r->n; i++)
		if (str_eq(r->entries[i]->path, path))
			return r->entries[i];
	return NULL;
}

static bool parse_u32(struct str s, uint32_t *ret)
{
	uint64_t n = 0;

	if (!s.len || s.len > 10)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

const struct registry_entry *registry_find_engine(const struct registry *r, struct str kind)
{
	for (uint32_t i = 0; i < registry_count(r); i++) {
		const struct registry_entry *e = registry_at(r, i);

		for (uint32_t k = 0; k < e->n_engines; k++)
			if (str_eq(e->engines[k], kind))
				return e;
	}
	return registry_find_name(r, kind);
}

int registry_ask(const struct registry *r, struct str id_or_name,
		 const struct registry_entry **ret_entry, struct err *err)
{
	const struct registry_entry *e;
	struct nearest near;
	uint32_t id;

	e = parse_u32(id_or_name, &id) ? registry_find_id(r, id)
				       : registry_find_name(r, id_or_name);
	if (e) {
		*ret_entry = e;
		return 0;
	}
	err_set(err, 0, id_or_name.len, "plugin '%.*s': no manifest has a plugin of this %s",
		STR_FMT(id_or_name), parse_u32(id_or_name, &id) ? "ID" : "name");
	nearest_init(&near, id_or_name);
	for (uint32_t i = 0; i < r->n; i++)
		nearest_offer(&near, r->entries[i]->name);
	nearest_hint(&near, err);
	return -ENOENT;
}

int registry_add_path(struct registry *r, struct str name, struct str path,
		      const struct registry_entry **ret_entry, struct err *err)
{
	const struct registry_entry *e = registry_find_path(r, path);
	struct registry_entry *added;
	int rc;

	if (e && (!name.len || !e->name.len || str_eq(e->name, name))) {
		*ret_entry = e;
		return 0;
	}
	e = registry_find_name(r, name);
	if (e) {
		err_set(err, 0, 0, "plugin '%.*s': both '%.*s' and '%.*s' have this name",
			STR_FMT(name), STR_FMT(e->path), STR_FMT(path));
		return -EEXIST;
	}
	rc = add(r,
		 &(struct registry_entry){
			 .name = arena_str(&r->arena, name),
			 .kind = REGISTRY_UNKNOWN,
			 .library = arena_str(&r->arena, path),
			 .path = arena_str(&r->arena, path),
		 },
		 &added);
	if (rc < 0)
		return rc;
	*ret_entry = added;
	return 0;
}

/* --- reading a manifest ---------------------------------------------------------------------- */

struct reader {
	struct registry *r;
	const char *path;
	struct str folder; /* of the manifest, with its last slash; may be empty */
	struct err *err;
};

static int refuse(struct reader *rd, const struct yaml_node *n, const char *what, struct str thing)
{
	err_set(rd->err, n->start.offset, n->end.offset - n->start.offset, "%s:%u:%u: %s '%.*s'",
		rd->path, n->start.line + 1, n->start.column + 1, what, STR_FMT(thing));
	return -EINVAL;
}

static int get_text(struct reader *rd, const struct yaml_node *n, const char *key, struct str *ret)
{
	if (n->kind != YAML_SCALAR)
		return refuse(rd, n, "expected text for key", str_from(key));
	if (memchr(n->text.p, 0, n->text.len))
		return refuse(rd, n, "NUL byte in the value of", str_from(key));
	*ret = arena_str(&rd->r->arena, n->text);
	return ret->p ? 0 : -ENOMEM;
}

static int get_id(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	if (n->kind != YAML_SCALAR || !parse_u32(n->text, &e->id) || e->id == 0)
		return refuse(rd, n, "expected an ID from 1 to 4294967295, got", n->text);
	return 0;
}

static const char *const kind_names[] = {"source", "extractor", "output", "unknown"};

static int get_kind(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	for (int i = REGISTRY_SOURCE; n->kind == YAML_SCALAR && i <= REGISTRY_OUTPUT; i++) {
		if (!str_is(n->text, kind_names[i]))
			continue;
		e->kind = (enum registry_kind)i;
		return 0;
	}
	return refuse(rd, n, "kind must be source, extractor or output, not",
		      n->kind == YAML_SCALAR ? n->text : STR("a list"));
}

static int get_names(struct reader *rd, const struct yaml_node *n, const char *key,
		     struct str **ret, uint32_t *ret_n)
{
	int r;

	if (n->kind != YAML_SEQ || n->n > NAMES_MAX)
		return refuse(rd, n, "expected a list of at most 256 names for", str_from(key));
	*ret = arena_alloc(&rd->r->arena, sizeof **ret * (n->n ? n->n : 1));
	if (!*ret)
		return -ENOMEM;
	for (uint32_t i = 0; i < n->n; i++) {
		r = get_text(rd, n->items[i], key, &(*ret)[i]);
		if (r < 0)
			return r;
	}
	*ret_n = n->n;
	return 0;
}

static int get_sources(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	return get_names(rd, n, "sources", &e->sources, &e->n_sources);
}

static int get_tables(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	return get_names(rd, n, "tables", &e->tables, &e->n_tables);
}

static int get_engines(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	return get_names(rd, n, "engines", &e->engines, &e->n_engines);
}

static int get_config(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	return get_names(rd, n, "config", &e->config, &e->n_config);
}

static int get_recorded(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	const bool is_yes = n->kind == YAML_SCALAR && str_is(n->text, "true");

	if (!is_yes && !(n->kind == YAML_SCALAR && str_is(n->text, "false")))
		return refuse(rd, n, "expected true or false for", STR("recorded"));
	e->is_recorded = is_yes;
	return 0;
}

static int get_sha256(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	if (n->kind != YAML_SCALAR || n->text.len != 64)
		return refuse(rd, n, "expected 64 hexadecimal digits for", STR("sha256"));
	for (size_t i = 0; i < 32; i++) {
		int hi = ascii_hex(n->text.p[2 * i]), lo = ascii_hex(n->text.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return refuse(rd, n, "not hexadecimal:", n->text);
		e->sha256[i] = (uint8_t)(hi << 4 | lo);
	}
	e->has_sha256 = true;
	return 0;
}

static bool leaves_folder(struct str p)
{
	for (size_t i = 0; i + 1 < p.len; i++)
		if (p.p[i] == '.' && p.p[i + 1] == '.' && (i == 0 || p.p[i - 1] == '/') &&
		    (i + 2 == p.len || p.p[i + 2] == '/'))
			return true;
	return p.len && p.p[0] == '/';
}

static int get_library(struct reader *rd, const struct yaml_node *n, struct registry_entry *e)
{
	int r = get_text(rd, n, "library", &e->library);
	char *path;

	if (r < 0)
		return r;
	if (!e->library.len || leaves_folder(e->library))
		return refuse(rd, n, "a library stays in the folder of its manifest:", e->library);
	path = arena_printf(&rd->r->arena, "%.*s%.*s", STR_FMT(rd->folder), STR_FMT(e->library));
	if (!path)
		return -ENOMEM;
	e->path = str_from(path);
	return 0;
}

static int get_plain(struct reader *rd, struct str key, const struct yaml_node *v,
		     struct registry_entry *e)
{
	const struct {
		const char *key;
		struct str *into;
	} texts[] = {
		{"name", &e->name},     {"version", &e->version}, {"abi", &e->abi},
		{"source", &e->source}, {"license", &e->license}, {"description", &e->description},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (str_is(key, texts[i].key))
			return get_text(rd, v, texts[i].key, texts[i].into);
	return 1;
}

static int get_key(struct reader *rd, const struct yaml_pair *p, struct registry_entry *e)
{
	static const struct {
		const char *key;
		int (*get)(struct reader *rd, const struct yaml_node *n, struct registry_entry *e);
	} rows[] = {
		{"id", get_id},           {"kind", get_kind},       {"sources", get_sources},
		{"sha256", get_sha256},   {"library", get_library}, {"tables", get_tables},
		{"engines", get_engines}, {"config", get_config},   {"recorded", get_recorded},
	};
	struct str key = p->key->kind == YAML_SCALAR ? p->key->text : STR("?");
	int r = get_plain(rd, key, p->value, e);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(key, rows[i].key))
			return rows[i].get(rd, p->value, e);
	return refuse(rd, p->key, "unknown key", key);
}

static int check_complete(struct reader *rd, const struct yaml_node *n,
			  const struct registry_entry *e)
{
	const struct registry_entry *other;

	if (!e->id || !e->name.len || !e->library.len || !yaml_get(n, "kind"))
		return refuse(rd, n, "an entry needs id, name, kind and library:", e->name);
	other = registry_find_id(rd->r, e->id);
	if (!other)
		other = registry_find_name(rd->r, e->name);
	if (!other)
		return 0;
	err_set(rd->err, n->start.offset, 0,
		"%s:%u:%u: plugin '%.*s': its %s %.*s%.*u is already that of '%.*s' (%.*s:%u)",
		rd->path, n->start.line + 1, n->start.column + 1, STR_FMT(e->name),
		other->id == e->id ? "ID" : "name", other->id == e->id ? 0 : (int)e->name.len,
		e->name.p, other->id == e->id ? 1 : 0, other->id == e->id ? e->id : 0,
		STR_FMT(other->name), STR_FMT(other->manifest), other->line);
	return -EINVAL;
}

static int read_entry(struct reader *rd, const struct yaml_node *n)
{
	struct registry_entry e = {
		.kind = REGISTRY_UNKNOWN,
		.line = n->start.line + 1,
		.manifest = arena_str(&rd->r->arena, str_from(rd->path)),
	};
	const struct yaml_pair *dup;
	int r;

	if (n->kind != YAML_MAP)
		return refuse(rd, n, "expected a map, got a", str_from(yaml_kind_name(n)));
	dup = yaml_duplicate(n);
	if (dup)
		return refuse(rd, dup->key, "key given twice:", dup->key->text);
	for (uint32_t i = 0; i < n->n; i++) {
		r = get_key(rd, &n->pairs[i], &e);
		if (r < 0)
			return r;
	}
	r = check_complete(rd, n, &e);
	return r < 0 ? r : add(rd->r, &e, NULL);
}

static int read_entries(struct reader *rd, const struct yaml_file *f)
{
	const struct yaml_node *root = f->n_docs ? f->docs[0] : NULL, *list;
	int r;

	if (f->n_docs != 1 || root->kind != YAML_MAP) {
		err_set(rd->err, 0, 0, "%s:1:1: expected one map with the key 'plugins'", rd->path);
		return -EINVAL;
	}
	list = yaml_get(root, "plugins");
	for (uint32_t i = 0; i < root->n; i++)
		if (root->pairs[i].value != list)
			return refuse(rd, root->pairs[i].key, "unknown key",
				      root->pairs[i].key->text);
	if (!list || list->kind != YAML_SEQ)
		return refuse(rd, root, "expected a list under the key", STR("plugins"));
	if (list->n > ENTRIES_MAX)
		return refuse(rd, list, "more than 4096 entries in", STR("plugins"));
	for (uint32_t i = 0; i < list->n; i++) {
		r = read_entry(rd, list->items[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse(struct registry *r, const char *path, struct str text, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct reader rd = {
		.r = r,
		.path = path,
		.folder = {path, slash ? (size_t)(slash - path) + 1 : 0},
		.err = err,
	};
	struct yaml_file *f = NULL;
	struct yaml_mark at = {0};
	uint32_t n_before = r->n;
	int rc = yaml_parse(path, text, &f, &at, err);

	if (rc < 0) {
		err_context(err, "%s:%u:%u", path, at.line + 1, at.column + 1);
		return rc;
	}
	rc = read_entries(&rd, f);
	if (rc < 0)
		r->n = n_before;
	yaml_close(f);
	return rc;
}

int registry_load(struct registry *r, const char *path, const struct registry_trust *trust,
		  enum registry_signature *ret_signature, struct err *err)
{
	enum registry_signature sig = REGISTRY_SIGNATURE_OFF;
	struct buf text;
	int rc;

	buf_init(&text, MANIFEST_MAX_BYTES);
	rc = digest_read_file(path, &text);
	if (rc < 0)
		err_set(err, 0, 0, "%s: reading the manifest: %s", path, strerror(-rc));
	if (rc == 0 && trust && trust->signature != REGISTRY_OFF)
		rc = digest_check_signature(path, buf_str(&text), trust, &sig, err);
	if (rc == 0 && trust && trust->signature == REGISTRY_REQUIRE &&
	    sig != REGISTRY_SIGNATURE_OK) {
		err_set(err, 0, 0, "%s: %s", path,
			sig == REGISTRY_SIGNATURE_BAD ? "the signature is not by a trusted key"
						      : "the manifest is not signed");
		rc = -EINVAL;
	}
	if (rc == 0)
		rc = parse(r, path, buf_str(&text), err);
	if (rc == 0 && ret_signature)
		*ret_signature = sig;
	buf_deinit(&text);
	return rc;
}

enum registry_digest registry_check(const struct registry_entry *e)
{
	uint8_t sha[32];

	if (digest_sha256_file(e->path.p, sha) < 0)
		return REGISTRY_DIGEST_MISSING;
	if (!e->has_sha256)
		return REGISTRY_DIGEST_UNCHECKED;
	return memcmp(sha, e->sha256, sizeof sha) == 0 ? REGISTRY_DIGEST_OK
						       : REGISTRY_DIGEST_MISMATCH;
}

const char *registry_kind_name(enum registry_kind k)
{
	return kind_names[k];
}

const char *registry_digest_name(enum registry_digest d)
{
	static const char *const names[] = {"ok", "mismatch", "missing", "unchecked"};

	return names[d];
}

int registry_policy_parse(struct str text, enum registry_policy *ret_policy)
{
	static const char *const names[] = {"require", "warn", "off"};

	for (int i = 0; i < 3; i++) {
		if (!str_is(text, names[i]))
			continue;
		*ret_policy = (enum registry_policy)i;
		return 0;
	}
	return -EINVAL;
}
