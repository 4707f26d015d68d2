/*
 * cmd_fmt: rules files laid out in place, or only checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/cmd.h"
#include "command/folder.h"
#include "ruleset/layout.h"
#include "ruleset/loader.h"
#include "util/mem.h"

struct job {
	bool check;
	uint32_t n_files, n_changed;
	struct err *err;
};

static int fail(struct job *j, const char *path, int e)
{
	err_set(j->err, 0, 0, "fmt: '%s': %s", path, strerror(e));
	return -e;
}

static int read_all(struct job *j, const char *path, struct buf *b)
{
	char chunk[65536];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return fail(j, path, errno);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(b, chunk, n);
	n = (size_t)ferror(f);
	(void)fclose(f);
	if (n || b->failed)
		return fail(j, path, n ? EIO : EFBIG);
	return 0;
}

/* In place of the old file at once, with its mode: whoever reads it sees one or the other. */
static int replace(struct job *j, const char *path, struct str text)
{
	struct buf name;
	struct stat st;
	int fd, r = 0;

	if (stat(path, &st) < 0)
		return fail(j, path, errno);
	buf_init(&name, 8192);
	buf_printf(&name, "%s.XXXXXX", path);
	fd = name.failed ? -1 : mkstemp(name.p);
	if (fd < 0 || fchmod(fd, st.st_mode & 07777) < 0 ||
	    write(fd, text.p, text.len) != (ssize_t)text.len || fsync(fd) < 0)
		r = fail(j, path, errno ? errno : EIO);
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = fail(j, path, errno);
	if (r == 0 && rename(name.p, path) < 0)
		r = fail(j, path, errno);
	if (r < 0 && fd >= 0)
		(void)unlink(name.p);
	buf_deinit(&name);
	return r;
}

static int lay_out(void *job, const char *path)
{
	struct job *j = job;
	struct buf in, out;
	struct yaml_mark at = {0};
	struct err err = ERR_NULL;
	int r;

	buf_init(&in, YAML_MAX_BYTES);
	buf_init(&out, 4 * (size_t)YAML_MAX_BYTES);
	r = read_all(j, path, &in);
	if (r == 0) {
		r = layout_rules(path, buf_str(&in), &out, &at, &err);
		if (r == -EINVAL) {
			err_set(j->err, 0, 0, "%s:%u:%u: %.400s", path, at.line + 1, at.column + 1,
				err.text);
			err_hint(j->err, "%s", err.hint);
		}
	}
	j->n_files++;
	if (r == 0 && !str_eq(buf_str(&in), buf_str(&out))) {
		j->n_changed++;
		(void)printf("%s\n", path);
		if (!j->check)
			r = replace(j, path, buf_str(&out));
	}
	buf_deinit(&in);
	buf_deinit(&out);
	return r;
}

int cmd_fmt(const struct options *o, struct err *err)
{
	struct job j = {.check = o->check, .err = err};
	const struct folder_walk w = {.wants = rules_is_file_name, .file = lay_out, .ctx = &j};
	int r = 0;

	if (o->args.n == 0) {
		err_set(err, 0, 0, "fmt: which files?");
		err_hint(err, "gyr fmt [--check] PATH ...");
		return -EINVAL;
	}
	for (uint32_t i = 0; i < o->args.n && r == 0; i++)
		r = folder_each(o->args.items[i], &w, err);
	if (r == 0)
		(void)fprintf(stderr, "%u files, %u %s\n", j.n_files, j.n_changed,
			      j.check ? "to be laid out" : "laid out");
	return r < 0 ? r : j.check && j.n_changed;
}
