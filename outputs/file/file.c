/*
 * file: an output that appends alerts to a file, one a line. The smallest output, and the template
 * for yours.
 *
 * Without keep_alive the file is opened for every batch, so that it may be moved away at any time. With
 * max_bytes the output moves it away itself: x becomes x.1, x.1 becomes x.2 and so on.
 */
#include <gyr/lines.h>
#include <gyr/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	const char *filename, *format;
	uint64_t max_bytes, keep;
	bool keep_alive;
	int fd;
};

static int file_reopen(struct gyr *p, void *inst)
{
	struct file *o = inst;

	if (o->fd > 0)
		(void)close(o->fd);
	o->fd = open(o->filename, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	if (o->fd < 0)
		return gyr_fail(p, -errno, "open: '%s': %s", o->filename, strerror(errno));
	return 0;
}

static int file_open(struct gyr *p, void *inst, const char *params)
{
	(void)params;
	return file_reopen(p, inst); /* at once, so that a wrong path is known at start */
}

/* The name of the file that was moved away @n times. */
static int old_name(const struct file *o, uint64_t n, char *ret, size_t size)
{
	const int len = n ? snprintf(ret, size, "%s.%llu", o->filename, (unsigned long long)n)
			  : snprintf(ret, size, "%s", o->filename);

	return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* Moves every file one number on; the last one goes. */
static int move_away(struct gyr *p, const struct file *o)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (uint64_t n = o->keep; n > 0; n--) {
		int r = old_name(o, n - 1, from, sizeof from);

		if (r == 0)
			r = old_name(o, n, to, sizeof to);
		if (r == 0 && rename(from, to) < 0 && errno != ENOENT)
			r = -errno;
		if (r < 0)
			return gyr_fail(p, r, "rotate: '%s': %s", o->filename, strerror(-r));
	}
	return 0;
}

/* A batch goes into one file, so that a file is over its size by a batch at most. */
static int rotate(struct gyr *p, struct file *o)
{
	struct stat st;
	int r;

	if (!o->max_bytes || fstat(o->fd, &st) < 0 || (uint64_t)st.st_size < o->max_bytes)
		return 0;
	if (!S_ISREG(st.st_mode))
		return 0;
	r = move_away(p, o);
	return r ? r : file_reopen(p, o);
}

static int file_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		     uint8_t *verdicts)
{
	struct file *o = inst;
	const bool is_json = strcmp(o->format, "json") == 0;
	int r = o->keep_alive && o->fd > 0 ? 0 : file_reopen(p, o);

	if (r == 0)
		r = rotate(p, o);
	if (r)
		return r;
	r = gyr_lines_write(o->fd, is_json ? GYR_LINES_JSON : GYR_LINES_TEXT, alerts, n, verdicts);
	return r ? gyr_fail(p, r, "send: '%s': %s", o->filename, strerror(-r)) : 0;
}

static void file_close(struct gyr *p, void *inst)
{
	const struct file *o = inst;

	(void)p;
	if (o->fd > 0)
		(void)close(o->fd);
}

PLUGIN(.name = "file", .version = "0.1.0", .description = "Alerts appended to a file",
       .contact = "the Gyr authors");
PLUGIN_OUTPUT(.instance_size = sizeof(struct file),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct file, filename, "./events.txt", "where to append",
					  .bare = true),
			      GYR_OPT_STR(struct file, format, "text",
					  "what a line is: text or json",
					  .choice = (const char *const[]){"text", "json", NULL}),
			      GYR_OPT_BOOL(struct file, keep_alive, "false",
					   "keep the file open between batches"),
			      GYR_OPT_U64(struct file, max_bytes, "0",
					  "move the file away when it is so large; 0: never"),
			      GYR_OPT_U64(struct file, keep, "5", "files moved away that are kept",
					  .min = 1, .max = 1000),
			      {0}},
	      .open = file_open, .send_batch = file_send, .close = file_close,
	      .reopen = file_reopen);
