#include "ruleset/loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ruleset/compile.h"
#include "ruleset/problem.h"
#include "ruleset/read.h"
#include "util/mem.h"

int rules_loader_new(const struct rules_options *opts, struct rules_loader **ret)
{
	struct rules_loader *l = mem_new(sizeof *l);

	if (!l)
		return -ENOMEM;
	l->opts = *opts;
	l->store = store_new();
	if (!l->store) {
		mem_free(l);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < opts->n_sources; i++) {
		const struct rules_source *s = &opts->sources[i];

		if (strmap_add(&l->sources, str_from(s->name), (void *)s) == -ENOMEM) {
			rules_loader_free(l);
			return -ENOMEM;
		}
	}
	*ret = l;
	return 0;
}

struct rules_loader *rules_loader_free(struct rules_loader *l)
{
	if (l) {
		strmap_deinit(&l->sources);
		store_free(l->store);
		mem_free(l);
	}
	return NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

/* A result for the next file; its number in *ret_file. */
static int new_result(struct rules_loader *l, const char *name, uint32_t *ret_file)
{
	struct store *s = l->store;
	struct file_result *f = arena_alloc(&s->arena, sizeof *f);

	if (!f || store_grow(s, &l->results, l->n_results, &l->cap_results, sizeof f) < 0 ||
	    store_grow(s, &s->files, s->n_files, &s->cap_files, sizeof *s->files) < 0)
		return -ENOMEM;
	f->pub.name = arena_str(&s->arena, str_from(name));
	f->pub.successful = true;
	if (!f->pub.name.p)
		return -ENOMEM;
	*ret_file = l->n_results;
	l->results[l->n_results++] = f;
	s->files[s->n_files++] = NULL;
	return 0;
}

/* File number @file was not read: @r, and why; @at: where in its text. */
static int refuse_file(struct rules_loader *l, uint32_t file, int r, struct yaml_mark at,
		       const struct err *err)
{
	const struct where *w = where_content(l, file);
	struct problem_place p = {.file = file, .at = at, .hint = err->hint};

	l->results[file]->has_read_errors = true;
	if (r != -EINVAL) {
		problem_add(l, RULES_ERR_FILE_READ, w, "%s", err->text);
		return l->failed;
	}
	p.where = where_new(l, w, "value for", STR(""), NULL);
	if (l->failed)
		return l->failed;
	((struct where *)p.where)->at = at;
	problem_add_at(l, RULES_ERR_YAML_PARSE, &p, "%s", err->text);
	return l->failed;
}

/* Adds what @text says, or NULL: what stands in the file @name. */
static int add(struct rules_loader *l, const char *name, const struct str *text)
{
	struct yaml_file *y = NULL;
	struct err err = ERR_NULL;
	struct yaml_mark at = {0};
	uint32_t file;
	int r = new_result(l, name, &file);

	if (r)
		return r;
	r = text ? yaml_parse(name, *text, &y, &at, &err) : yaml_load(name, &y, &at, &err);
	l->store->files[file] = r == 0 ? y : NULL;
	if (r == -ENOMEM || l->failed)
		return -ENOMEM;
	if (r)
		return refuse_file(l, file, r, at, &err);
	read_file(l, file);
	return l->failed;
}

int rules_loader_add_text(struct rules_loader *l, const char *name, struct str text)
{
	return add(l, name, &text);
}

int rules_loader_add_file(struct rules_loader *l, const char *path)
{
	return add(l, path, NULL);
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), k = strlen(end);

	return n > k && strcmp(name + n - k, end) == 0;
}

bool rules_is_test_name(const char *name)
{
	return ends_with(name, RULES_TEST_SUFFIX);
}

bool rules_is_file_name(const char *name)
{
	return name[0] != '.' && (ends_with(name, ".yaml") || ends_with(name, ".yml")) &&
	       !rules_is_test_name(name);
}

static int is_rules_file(const struct dirent *d)
{
	return rules_is_file_name(d->d_name);
}

int rules_loader_add_path(struct rules_loader *l, const char *path, struct err *err)
{
	struct dirent **names = NULL;
	struct stat st;
	int n, r = 0;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		if (access(path, F_OK) == 0)
			return rules_loader_add_file(l, path);
		r = -errno;
		err_set(err, 0, 0, "rules '%s': %s", path, strerror(-r));
		return r;
	}
	n = scandir(path, &names, is_rules_file, alphasort);
	if (n < 0) {
		r = -errno;
		err_set(err, 0, 0, "rules '%s': %s", path, strerror(-r));
		return r;
	}
	for (int i = 0; i < n; i++) {
		char *file = arena_printf(&l->store->arena, "%s/%s", path, names[i]->d_name);

		if (r == 0)
			r = file ? 0 : -ENOMEM;
		if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
			r = rules_loader_add_file(l, file);
		free(names[i]);
	}
	free(names);
	return r;
}

/* --- plugins that rules need ------------------------------------------------------------------ */

static const struct rules_plugin *find_plugin(const struct rules_loader *l, struct str name)
{
	for (uint32_t i = 0; i < l->opts.n_plugins; i++) {
		if (str_is(name, l->opts.plugins[i].name))
			return &l->opts.plugins[i];
	}
	return NULL;
}

static void check_requirement(struct rules_loader *l, const struct decl_requirement *q)
{
	const struct decl_plugin_version *wrong = NULL;
	uint32_t have[3] = {0}, want[3] = {0};
	const struct rules_plugin *p;
	struct buf names;

	for (uint32_t i = 0; i < q->n; i++) {
		p = find_plugin(l, q->any[i].name);
		if (!p || version_parse(q->any[i].version, want) < 0)
			continue;
		if (version_parse(str_from(p->version), have) == 0 && version_serves(have, want))
			return;
		wrong = wrong ? wrong : &q->any[i];
	}
	if (wrong) {
		problem_add(l, RULES_ERR_VALIDATE, q->where,
			    "the plugin '%.*s' is version %s, the rules need %.*s",
			    STR_FMT(wrong->name), find_plugin(l, wrong->name)->version,
			    STR_FMT(wrong->version));
		return;
	}
	buf_init(&names, 512);
	for (uint32_t i = 0; i < q->n; i++)
		buf_printf(&names, "%s'%.*s' (%.*s or newer)", i ? " or " : "",
			   STR_FMT(q->any[i].name), STR_FMT(q->any[i].version));
	problem_add(l, RULES_ERR_VALIDATE, q->where, "the rules need the plugin %.*s",
		    STR_FMT(buf_str(&names)));
	buf_deinit(&names);
}

int rules_loader_compile(struct rules_loader *l, struct ruleset **ret)
{
	for (uint32_t i = 0; !l->opts.skip_plugin_versions && i < l->store->n_requirements; i++)
		check_requirement(l, &l->store->requirements[i]);
	return l->failed ? l->failed : compile_ruleset(l, ret);
}

bool rules_loader_ok(const struct rules_loader *l)
{
	for (uint32_t i = 0; i < l->n_results; i++) {
		if (!l->results[i]->pub.successful)
			return false;
	}
	return true;
}

uint32_t rules_loader_n_results(const struct rules_loader *l)
{
	return l->n_results;
}

const struct rules_result *rules_loader_result(const struct rules_loader *l, uint32_t i)
{
	return &l->results[i]->pub;
}
