/*
 * filewalk: a recursive walk, then one sort.
 */
#include "filewalk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void leave_out(struct filewalk *w, uint64_t *counter, const char *path, const char *why)
{
	++*counter;
	if (w->left_out)
		w->left_out(w->arg, path, why);
}

static int add_file(struct filewalk *w, const char *path, const struct stat *st)
{
	struct filewalk_file *files;
	size_t cap;

	if (w->n == FILEWALK_MAX_FILES) {
		leave_out(w, &w->n_failed, path, "too many files");
		return 0;
	}
	if (w->n == w->cap) {
		cap = w->cap ? w->cap * 2 : 64;
		files = reallocarray(w->files, cap, sizeof *files);
		if (!files)
			return -ENOMEM;
		w->files = files;
		w->cap = cap;
	}
	w->files[w->n].path = strdup(path);
	if (!w->files[w->n].path)
		return -ENOMEM;
	w->files[w->n].size = (uint64_t)st->st_size;
	w->files[w->n].mtime_ns = st->st_mtim.tv_sec * 1000000000L + st->st_mtim.tv_nsec;
	w->bytes += (uint64_t)st->st_size;
	w->n++;
	return 0;
}

static int walk_dir(struct filewalk *w, const char *path, int depth);

static int visit(struct filewalk *w, const char *path, const char *name, int depth)
{
	struct stat st;
	bool is_link;

	if (lstat(path, &st)) {
		leave_out(w, &w->n_failed, path, strerror(errno));
		return 0;
	}
	is_link = S_ISLNK(st.st_mode);
	if (is_link && stat(path, &st)) {
		leave_out(w, &w->n_failed, path, strerror(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode)) {
		if (!is_link)
			return walk_dir(w, path, depth + 1);
		leave_out(w, &w->n_links, path, "link to a directory, not followed");
		return 0;
	}
	if (!w->wants(name))
		return 0;
	if (S_ISREG(st.st_mode))
		return add_file(w, path, &st);
	leave_out(w, &w->n_special, path, "neither file nor directory");
	return 0;
}

static int walk_dir(struct filewalk *w, const char *path, int depth)
{
	const struct dirent *e;
	char *child;
	int r = 0;
	DIR *dir;

	if (depth > FILEWALK_MAX_DEPTH) {
		leave_out(w, &w->n_failed, path, "too deep");
		return 0;
	}
	dir = opendir(path);
	if (!dir) {
		r = -errno;
		if (depth == 0)
			return r;
		leave_out(w, &w->n_failed, path, strerror(-r));
		return 0;
	}
	while (r == 0 && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (asprintf(&child, "%s/%s", path, e->d_name) < 0) {
			r = -ENOMEM;
			break;
		}
		r = visit(w, child, e->d_name, depth);
		free(child);
	}
	closedir(dir);
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct filewalk_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static int by_time(const void *a, const void *b)
{
	const struct filewalk_file *x = a, *y = b;

	if (x->mtime_ns != y->mtime_ns)
		return x->mtime_ns < y->mtime_ns ? -1 : 1;
	return by_path(a, b);
}

int filewalk_run(struct filewalk *w, const char *root)
{
	size_t len = strlen(root);
	struct stat st;
	char *path;
	int r;

	if (stat(root, &st))
		return -errno;
	if (S_ISREG(st.st_mode))
		return add_file(w, root, &st);
	if (!S_ISDIR(st.st_mode))
		return -EINVAL;
	while (len > 1 && root[len - 1] == '/')
		len--;
	path = strndup(root, len);
	if (!path)
		return -ENOMEM;
	r = walk_dir(w, path, 0);
	free(path);
	if (w->n > 0)
		qsort(w->files, w->n, sizeof *w->files, w->by_time ? by_time : by_path);
	return r;
}

/* Regular files of the folder with this beginning of their names, but for @but. */
static int add_alike(struct filewalk *w, const char *folder, const char *but, size_t stem)
{
	const struct dirent *e;
	struct stat st;
	char *path;
	int r = 0;
	DIR *dir = opendir(folder);

	if (!dir)
		return -errno;
	while (r == 0 && (e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, but, stem) != 0 || strcmp(e->d_name, but) == 0)
			continue;
		if (asprintf(&path, "%s/%s", folder, e->d_name) < 0) {
			r = -ENOMEM;
			break;
		}
		if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
			r = add_file(w, path, &st);
		free(path);
	}
	closedir(dir);
	return r;
}

int filewalk_siblings(struct filewalk *w, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot;
	char *folder =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	struct stat st;
	int r;

	if (!folder)
		return -ENOMEM;
	dot = strrchr(name, '.');
	if (stat(path, &st))
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else
		r = add_alike(w, folder, name,
			      dot && dot > name ? (size_t)(dot - name) : strlen(name));
	free(folder);
	if (w->n > 0)
		qsort(w->files, w->n, sizeof *w->files, by_time);
	return r < 0 ? r : add_file(w, path, &st);
}

void filewalk_deinit(struct filewalk *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->files[i].path);
	free(w->files);
	w->files = NULL;
	w->n = w->cap = 0;
}
