/*
 * file: an output that appends alerts to a file, one a line. The smallest output, and the template
 * for yours.
 *
 * Without keep_alive the file is opened for every batch, so that it may be moved away at any time.
 */
#include <gyr/lines.h>
#include <gyr/plugin.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct file {
	const char *filename, *format;
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

static int file_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		     uint8_t *verdicts)
{
	struct file *o = inst;
	const bool is_json = strcmp(o->format, "json") == 0;
	int r = o->keep_alive && o->fd > 0 ? 0 : file_reopen(p, o);

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
			      GYR_OPT_STR(struct file, filename, NULL, "where to append",
					  .bare = true, .required = true),
			      GYR_OPT_STR(struct file, format, "text",
					  "what a line is: text or json",
					  .choice = (const char *const[]){"text", "json", NULL}),
			      GYR_OPT_BOOL(struct file, keep_alive, "false",
					   "keep the file open between batches"),
			      {0}},
	      .open = file_open, .send_batch = file_send, .close = file_close,
	      .reopen = file_reopen);
