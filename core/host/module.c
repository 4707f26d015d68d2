/*
 * module: opening a library in the order in which trust grows: the bytes, then the ABI version,
 * then the symbols, then what the plugin says, and last whether that is what the manifest says.
 *
 * The library is never unloaded. Runtimes linked into foreign plugins start threads and register
 * destructors that a dlclose() leaves dangling, and addresses in sanitizer reports would be lost.
 */
#include "host/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include "host/digest.h"
#include "host/lend.h"
#include "host/metadata.h"
#include "host/symbols.h"
#include "util/arena.h"
#include "util/mem.h"

enum { LIBRARY_MAX_BYTES = 512 << 20 };

struct opened {
	struct module pub; /* first: a struct module * is a struct opened * */
	struct module_symbols symbols;
	struct arena arena;
};

/* --- the bytes ------------------------------------------------------------------------------- */

static int check_digest(const struct registry_entry *e, enum registry_policy policy,
			struct str bytes, struct err *err)
{
	uint8_t sha[32];

	if (policy == REGISTRY_OFF)
		return 0;
	if (!e->has_sha256) {
		if (policy == REGISTRY_WARN || !e->manifest.len)
			return 0;
		err_set(err, 0, 0, "'%.*s': the manifest has no digest for it", STR_FMT(e->path));
		return -EBADMSG;
	}
	if (digest_sha256(bytes, sha) == 0 && memcmp(sha, e->sha256, sizeof sha) == 0)
		return 0;
	err_set(err, 0, 0,
		"'%.*s': its SHA-256 is not the one in the manifest: the file was changed",
		STR_FMT(e->path));
	return -EBADMSG;
}

static int write_all(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = str_from_at(bytes, (size_t)n);
	}
	return 0;
}

static int seal(struct str bytes)
{
	int fd = memfd_create("gyr-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, bytes);
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int open_sealed(const struct registry_entry *e, int fd, void **ret_handle, struct err *err)
{
	char path[64];
	const char *why;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	*ret_handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (*ret_handle)
		return 0;
	why = dlerror();
	err_set(err, 0, 0, "'%.*s': can't load plugin dynamic library: %s", STR_FMT(e->path),
		why ? why : "no reason given");
	return -ENOEXEC;
}

static int load(const struct registry_entry *e, enum registry_policy policy, void **ret_handle,
		struct err *err)
{
	struct buf bytes;
	int r, fd;

	buf_init(&bytes, LIBRARY_MAX_BYTES);
	r = digest_read_file(e->path.p, &bytes);
	if (r < 0) {
		err_set(err, 0, 0, "'%.*s': reading the library: %s", STR_FMT(e->path),
			strerror(-r));
		buf_deinit(&bytes);
		return r;
	}
	r = check_digest(e, policy, buf_str(&bytes), err);
	fd = r < 0 ? r : seal(buf_str(&bytes));
	buf_deinit(&bytes);
	if (fd < 0) {
		err_set(err, 0, 0, "'%.*s': sealing a copy: %s", STR_FMT(e->path), strerror(-fd));
		return fd;
	}
	r = open_sealed(e, fd, ret_handle, err);
	/* The descriptor stays open with the library: the dynamic linker knows what is loaded by its
	 * path, so that a reused number would give out the older library for the newer one. */
	if (r < 0)
		close(fd);
	return r;
}

/* --- the ABI --------------------------------------------------------------------------------- */

static int check_abi(struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;
	const char *v = a->get_required_api_version ? a->get_required_api_version() : NULL;
	unsigned major, minor, patch;

	if (!a->get_required_api_version) {
		err_set(err, 0, 0, "no plugin: it does not export plugin_get_required_api_version");
		return -EPROTO;
	}
	if (!v || sscanf(v, "%u.%u.%u", &major, &minor, &patch) != 3) {
		err_set(err, 0, 0, "its plugin API version '%s' is not of the form 1.2.3",
			v ? v : "");
		return -EPROTO;
	}
	if (major != PLUGIN_API_VERSION_MAJOR || minor > PLUGIN_API_VERSION_MINOR ||
	    (minor == PLUGIN_API_VERSION_MINOR && patch > PLUGIN_API_VERSION_PATCH)) {
		err_set(err, 0, 0, "it needs plugin API %s, this is %d.%d.%d", v,
			PLUGIN_API_VERSION_MAJOR, PLUGIN_API_VERSION_MINOR,
			PLUGIN_API_VERSION_PATCH);
		return -EPROTO;
	}
	o->pub.abi = arena_str(&o->arena, str_from(v));
	return o->pub.abi.p ? 0 : -ENOMEM;
}

static int check_required(const struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;
	const struct {
		const char *name;
		bool is_there;
	} rows[] = {
		{"plugin_get_version", a->get_version},
		{"plugin_get_name", a->get_name},
		{"plugin_get_description", a->get_description},
		{"plugin_get_contact", a->get_contact},
		{"plugin_init", a->init},
		{"plugin_destroy", a->destroy},
		{"plugin_get_last_error", a->get_last_error},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].is_there)
			continue;
		err_set(err, 0, 0, "it does not export %s", rows[i].name);
		return -EPROTO;
	}
	return 0;
}

static int broken(struct err *err, const char *capability, const char *why)
{
	err_set(err, 0, 0, "its capability '%s' is broken: %s", capability, why);
	return -EPROTO;
}

static int find_sourcing(struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;
	int n = !!a->open + !!a->close + !!a->next_batch;
	const char *source;
	uint32_t id;

	if (n == 0)
		return 0;
	if (n < 3)
		return broken(err, "sourcing",
			      "of open, close and next_batch not all are exported");
	id = a->get_id ? a->get_id() : 0;
	source = a->get_event_source ? a->get_event_source() : NULL;
	if ((id != 0) != (source && *source))
		return broken(err, "sourcing", "an ID and an event source go together");
	if (id && strcmp(source, "syscall") == 0)
		return broken(err, "sourcing", "the event source 'syscall' needs no ID");
	o->pub.caps |= MODULE_SOURCING;
	o->pub.id = id;
	if (!id)
		return 0;
	o->pub.source = arena_str(&o->arena, str_from(source));
	o->pub.source_cstr = o->pub.source.p;
	return o->pub.source.p ? 0 : -ENOMEM;
}

static int find_others(struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;

	if (a->extract_fields && !a->get_fields)
		return broken(err, "extraction", "extract_fields without get_fields");
	if (a->set_async_event_handler && !a->get_async_events)
		return broken(err, "async", "set_async_event_handler without get_async_events");
	if (a->capture_open && !a->capture_close)
		return broken(err, "capture listening", "capture_open without capture_close");
	if (a->extract_fields)
		o->pub.caps |= MODULE_EXTRACTION;
	if (a->parse_event)
		o->pub.caps |= MODULE_PARSING;
	if (a->set_async_event_handler)
		o->pub.caps |= MODULE_ASYNC;
	if (a->capture_open)
		o->pub.caps |= MODULE_LISTENING;
	return 0;
}

static int find_extensions(struct opened *o, struct err *err)
{
	const struct module_symbols *s = &o->symbols;
	int n_output = !!s->output_open + !!s->output_send + !!s->output_close;

	if (n_output != 0 && n_output != 3)
		return broken(err, "output",
			      "of gyr_output_open, send and close not all are exported");
	if (!s->source_shards != !s->source_open_shard)
		return broken(err, "shards",
			      "gyr_source_shards and gyr_source_open_shard go together");
	if (n_output)
		o->pub.caps |= MODULE_OUTPUT;
	if (s->source_commit)
		o->pub.caps |= MODULE_COMMIT;
	if (s->source_shards)
		o->pub.caps |= MODULE_SHARDS;
	if (s->set_host)
		o->pub.caps |= MODULE_HOST;
	if (s->answers_last && s->answers_last())
		o->pub.caps |= MODULE_LASTING;
	if (!(o->pub.caps & (MODULE_SOURCING | MODULE_EXTRACTION | MODULE_PARSING | MODULE_ASYNC |
			     MODULE_LISTENING | MODULE_OUTPUT))) {
		err_set(err, 0, 0, "it has no capability at all");
		return -EPROTO;
	}
	return 0;
}

/* --- what it says ---------------------------------------------------------------------------- */

static int copy_text(struct opened *o, const char *text, struct str *ret)
{
	*ret = arena_str(&o->arena, str_from(text ? text : ""));
	return ret->p ? 0 : -ENOMEM;
}

static int read_texts(struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;
	struct module *m = &o->pub;
	unsigned v[3];
	int r = copy_text(o, a->get_name(), &m->name);

	if (r == 0)
		r = copy_text(o, a->get_version(), &m->version);
	if (r == 0)
		r = copy_text(o, a->get_description(), &m->description);
	if (r == 0)
		r = copy_text(o, a->get_contact(), &m->contact);
	if (r < 0)
		return r;
	if (!m->name.len) {
		err_set(err, 0, 0, "it has no name");
		return -EINVAL;
	}
	if (sscanf(m->version.p, "%u.%u.%u", &v[0], &v[1], &v[2]) != 3) {
		err_set(err, 0, 0, "its version '%.*s' is not of the form 1.2.3",
			STR_FMT(m->version));
		return -EINVAL;
	}
	return 0;
}

static int read_schema(struct opened *o, struct err *err)
{
	ss_plugin_schema_type type = SS_PLUGIN_SCHEMA_NONE;
	const char *text;

	if (!o->symbols.api.get_init_schema)
		return 0;
	text = o->symbols.api.get_init_schema(&type);
	if (type == SS_PLUGIN_SCHEMA_NONE || !text)
		return 0;
	if (type != SS_PLUGIN_SCHEMA_JSON) {
		err_set(err, 0, 0, "its configuration schema is of an unknown type %d", (int)type);
		return -EINVAL;
	}
	return copy_text(o, text, &o->pub.schema);
}

/* A list of event sources, to which the plugin's own one belongs. */
static int read_sources(struct opened *o, const char *(*get)(void), const char *what,
			struct module_sources *ret, struct err *err)
{
	struct module_sources list = {0};
	struct str *all;
	int r = metadata_names(get ? get() : NULL, &o->arena, &list, err);

	if (r == -EINVAL)
		err_context(err, "its %s event sources", what);
	if (r < 0)
		return r;
	if (!o->pub.source.len || (list.n && module_sources_have(&list, o->pub.source))) {
		*ret = list;
		return 0;
	}
	all = arena_alloc(&o->arena, (list.n + 1) * sizeof *all);
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < list.n; i++)
		all[i] = list.names[i];
	all[list.n] = o->pub.source;
	*ret = (struct module_sources){all, list.n + 1};
	return 0;
}

static int read_async(struct opened *o, struct err *err)
{
	const char *text = o->symbols.api.get_async_events();
	struct module_sources names = {0};
	int r = metadata_names(text, &o->arena, &names, err);

	if (r == 0 && !names.n) {
		err_set(err, 0, 0, "the list is empty");
		r = -EINVAL;
	}
	if (r == -EINVAL)
		err_context(err, "its asynchronous events");
	if (r < 0)
		return r;
	o->pub.async_events = names.names;
	o->pub.n_async_events = names.n;
	return read_sources(o, o->symbols.api.get_async_event_sources, "asynchronous",
			    &o->pub.async_sources, err);
}

static int read_lists(struct opened *o, struct err *err)
{
	const plugin_api *a = &o->symbols.api;
	struct module *m = &o->pub;
	int r = 0;

	if (m->caps & MODULE_EXTRACTION) {
		r = metadata_fields(a->get_fields(), &o->arena, &m->fields, &m->n_fields, err);
		if (r == -EINVAL)
			err_context(err, "its fields");
		if (r == 0)
			r = read_sources(o, a->get_extract_event_sources, "extraction",
					 &m->extract_sources, err);
	}
	if (r == 0 && (m->caps & MODULE_PARSING))
		r = read_sources(o, a->get_parse_event_sources, "parsing", &m->parse_sources, err);
	if (r == 0 && (m->caps & MODULE_ASYNC))
		r = read_async(o, err);
	return r;
}

/* --- what the manifest says ------------------------------------------------------------------ */

static int differs(const char *what, struct str said, struct str listed, struct err *err)
{
	if (!listed.len || str_eq(said, listed))
		return 0;
	err_set(err, 0, 0, "its %s is '%.*s', the manifest says '%.*s'", what, STR_FMT(said),
		STR_FMT(listed));
	return -EINVAL;
}

static int check_manifest(const struct module *m, const struct registry_entry *e, struct err *err)
{
	static const uint32_t caps[] = {MODULE_SOURCING, MODULE_EXTRACTION, MODULE_OUTPUT};
	int r = differs("name", m->name, e->name, err);

	if (r == 0)
		r = differs("version", m->version, e->version, err);
	if (r == 0)
		r = differs("event source", m->source, m->source.len ? e->source : STR(""), err);
	if (r < 0 || e->kind == REGISTRY_UNKNOWN)
		return r;
	if (m->id && m->id != e->id) {
		err_set(err, 0, 0, "its ID is %u, the manifest says %u", m->id, e->id);
		return -EINVAL;
	}
	if (m->caps & caps[e->kind])
		return 0;
	err_set(err, 0, 0, "the manifest says it is an %s, but it lacks the functions of one",
		registry_kind_name(e->kind));
	return -EINVAL;
}

static int examine(struct opened *o, void *handle, struct err *err)
{
	static int (*const steps[])(struct opened * o, struct err * err) = {
		find_sourcing, find_others, find_extensions, read_texts, read_schema, read_lists,
	};
	int r;

	symbols_find(handle, &o->symbols);
	r = check_abi(o, err);
	if (r == 0)
		r = check_required(o, err);
	if (r == 0 && o->symbols.set_host)
		o->symbols.set_host(lend_host());
	for (size_t i = 0; r == 0 && i < sizeof steps / sizeof *steps; i++)
		r = steps[i](o, err);
	if (r == 0)
		r = check_manifest(&o->pub, o->pub.entry, err);
	if (r == 0 && dlsym(handle, "gyr_batched"))
		o->pub.caps |= MODULE_BATCHED;
	if (r < 0)
		err_context(err, "'%.*s'", STR_FMT(o->pub.entry->path));
	return r;
}

int module_open(const struct registry_entry *e, enum registry_policy policy,
		struct module **ret_module, struct err *err)
{
	struct opened *o;
	void *handle;
	int r = load(e, policy, &handle, err);

	if (r < 0)
		return r;
	o = mem_new(sizeof *o);
	if (!o)
		return -ENOMEM;
	o->pub.entry = e;
	o->pub.symbols = &o->symbols;
	r = examine(o, handle, err);
	if (r < 0) {
		module_close(&o->pub);
		return r;
	}
	*ret_module = &o->pub;
	return 0;
}

struct module *module_close(struct module *m)
{
	struct opened *o = (struct opened *)m;

	if (!o)
		return NULL;
	arena_deinit(&o->arena);
	return mem_free(o);
}

bool module_sources_have(const struct module_sources *s, struct str source)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (str_eq(s->names[i], source) || str_is(s->names[i], "*"))
			return true;
	return s->n == 0;
}

void module_caps_print(const struct module *m, char *out, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} rows[] = {
		{MODULE_SOURCING, "sourcing"},   {MODULE_EXTRACTION, "extraction"},
		{MODULE_PARSING, "parsing"},     {MODULE_ASYNC, "async"},
		{MODULE_LISTENING, "listening"}, {MODULE_OUTPUT, "output"},
		{MODULE_COMMIT, "commit"},       {MODULE_SHARDS, "shards"},
	};
	size_t len = 0;

	if (size)
		out[0] = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows && len < size; i++)
		if (m->caps & rows[i].bit)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "",
						rows[i].name);
}
