/*
 * stdout: an output that prints alerts, one a line.
 *
 * Every batch is written out whole before it is answered, so nothing is kept back in a buffer. The
 * descriptor is a copy: the program's own standard output stays open. A reader that has gone
 * (`gyr ... | head`) does not come back, so this output is then over.
 */
#include <gyr/lines.h>
#include <gyr/plugin.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct stdout_output {
	const char *format;
	int fd;
};

static int stdout_open(struct gyr *p, void *inst, const char *params)
{
	struct stdout_output *o = inst;

	(void)params;
	if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return gyr_fail(p, -EBADF, "open: standard output is closed");
	o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (o->fd < 0)
		return gyr_fail(p, -errno, "open: standard output: %s", strerror(errno));
	return 0;
}

static int stdout_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		       uint8_t *verdicts)
{
	const struct stdout_output *o = inst;
	const bool is_json = strcmp(o->format, "json") == 0;
	const int r = gyr_lines_write(o->fd, is_json ? GYR_LINES_JSON : GYR_LINES_TEXT, alerts, n,
				      verdicts);

	if (r == -EPIPE) {
		for (uint32_t i = 0; i < n; i++)
			if (verdicts[i] == GYR_ALERT_RETRY)
				verdicts[i] = GYR_ALERT_OVER;
		return gyr_fail(p, r, "send: nobody reads standard output any more");
	}
	return r ? gyr_fail(p, r, "send: standard output: %s", strerror(-r)) : 0;
}

static void stdout_close(struct gyr *p, void *inst)
{
	const struct stdout_output *o = inst;

	(void)p;
	(void)close(o->fd);
}

PLUGIN(.name = "stdout", .version = "0.1.0", .description = "Alerts on standard output",
       .contact = "the Gyr authors");
PLUGIN_OUTPUT(.instance_size = sizeof(struct stdout_output),
	      .params =
		      (const struct gyr_option[]){
			      GYR_OPT_STR(struct stdout_output, format, "text",
					  "what a line is: text or json",
					  .choice = (const char *const[]){"text", "json", NULL}),
			      {0}},
	      .open = stdout_open, .send_batch = stdout_send, .close = stdout_close);
