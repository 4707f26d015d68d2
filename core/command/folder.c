#include "command/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/buf.h"

enum {
	DEPTH_MAX = 32,
	PATH_BYTES_MAX = 8192,
};

static int fail(const char *path, int e, struct err *err)
{
	err_set(err, 0, 0, "'%s': %s", path, strerror(e));
	return -e;
}

static int walk(const char *path, const struct folder_walk *w, unsigned depth, struct err *err)
{
	struct dirent **entries;
	int n = depth < DEPTH_MAX ? scandir(path, &entries, NULL, alphasort) : -1, r = 0;
	struct buf name;

	if (n < 0)
		return fail(path, depth < DEPTH_MAX ? errno : ELOOP, err);
	buf_init(&name, PATH_BYTES_MAX);
	for (int i = 0; i < n; i++) {
		const char *base = entries[i]->d_name;
		struct stat st;

		buf_reset(&name);
		buf_printf(&name, "%s/%s", path, base);
		if (r < 0 || base[0] == '.' || name.failed || lstat(name.p, &st) < 0) {
			free(entries[i]);
			continue;
		}
		if (S_ISDIR(st.st_mode))
			r = walk(name.p, w, depth + 1, err);
		else if (w->wants(base))
			r = w->file(w->ctx, name.p);
		free(entries[i]);
	}
	free(entries);
	buf_deinit(&name);
	return r;
}

int folder_each(const char *path, const struct folder_walk *w, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail(path, errno, err);
	return S_ISDIR(st.st_mode) ? walk(path, w, 0, err) : w->file(w->ctx, path);
}
