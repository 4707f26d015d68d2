/*
 * cmd_support: what somebody who helps needs to know, as one JSON object: versions, the system, the
 * command line, the configuration and the rules as they are in their files, right or wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "command/cmd.h"
#include "report/versions.h"
#include "util/jsonw.h"

enum { SUPPORT_MAX_BYTES = 256 << 20 };

/* The file as it is; what cannot be read is empty. */
static void add_content(struct jsonw *w, const char *key, const char *path)
{
	FILE *f = path ? fopen(path, "rbe") : NULL;
	char chunk[4096];
	struct buf text;
	size_t n;

	buf_init(&text, SUPPORT_MAX_BYTES);
	while (f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&text, chunk, n);
	if (f)
		(void)fclose(f);
	jsonw_text(w, key, buf_str(&text));
	buf_deinit(&text);
}

/* The arguments, with blanks between them. */
static void add_cmdline(struct jsonw *w)
{
	FILE *f = fopen("/proc/self/cmdline", "rbe");
	struct buf text;
	int c;

	buf_init(&text, SUPPORT_MAX_BYTES);
	while (f && (c = fgetc(f)) != EOF)
		buf_add_char(&text, c ? (char)c : ' ');
	if (f)
		(void)fclose(f);
	if (text.len)
		text.len--; /* the last argument ends as all do */
	jsonw_text(w, "cmdline", buf_str(&text));
	buf_deinit(&text);
}

static void add_system(struct jsonw *w)
{
	struct utsname u;

	memset(&u, 0, sizeof(u));
	(void)uname(&u);
	jsonw_open(w, "system_info", '{');
	jsonw_text(w, "machine", str_from(u.machine));
	jsonw_text(w, "nodename", str_from(u.nodename));
	jsonw_text(w, "release", str_from(u.release));
	jsonw_text(w, "sysname", str_from(u.sysname));
	jsonw_text(w, "version", str_from(u.version));
	jsonw_close(w, '}');
}

static void add_rules_files(struct jsonw *w, const struct rules_loader *l)
{
	jsonw_open(w, "rules_files", '[');
	for (uint32_t i = 0; i < rules_loader_n_results(l); i++) {
		struct str name = rules_loader_result(l, i)->name;
		char path[4096];

		(void)snprintf(path, sizeof(path), "%.*s", STR_FMT(name));
		jsonw_open(w, NULL, '{');
		jsonw_text(w, "name", name);
		jsonw_open(w, "variants", '[');
		jsonw_open(w, NULL, '{');
		add_content(w, "content", path);
		jsonw_close(w, '}');
		jsonw_close(w, ']');
		jsonw_close(w, '}');
	}
	jsonw_close(w, ']');
}

static void add_all(struct buf *b, const struct setup *s, const struct rules_loader *l)
{
	struct buf versions;
	struct jsonw w = {.b = b};

	buf_init(&versions, 4096);
	versions_json(&versions);
	jsonw_open(&w, NULL, '{');
	add_cmdline(&w);
	add_content(&w, "config", s->config.n_files ? s->config.files[0] : NULL);
	jsonw_open(&w, "config_files", '[');
	for (uint32_t i = 1; i < s->config.n_files; i++) {
		jsonw_open(&w, NULL, '{');
		jsonw_text(&w, "name", str_from(s->config.files[i]));
		add_content(&w, "content", s->config.files[i]);
		jsonw_close(&w, '}');
	}
	jsonw_close(&w, ']');
	jsonw_bare(&w, "engine_info", buf_str(&versions));
	add_rules_files(&w, l);
	add_system(&w);
	jsonw_text(&w, "version", str_from(GYR_VERSION));
	jsonw_close(&w, '}');
	buf_add_char(b, '\n');
	buf_deinit(&versions);
}

int cmd_support(struct setup *s, struct err *err)
{
	struct rules_options opts;
	struct rules_loader *l = NULL;
	struct buf b;
	int r = setup_plugins(s, SETUP_RUN, err);

	if (r == 0)
		r = setup_rules_options(s, &s->config, &opts, err);
	if (r == 0)
		r = rules_loader_new(&opts, &l);
	if (r == 0)
		r = setup_add_rules(s, &s->config, l, err);
	if (r == 0) {
		buf_init(&b, SUPPORT_MAX_BYTES);
		add_all(&b, s, l);
		r = b.failed ? -ENOMEM : 0;
		if (r == 0)
			(void)fwrite(b.p, 1, b.len, stdout);
		buf_deinit(&b);
	}
	(void)rules_loader_free(l);
	return r;
}
