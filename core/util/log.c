#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util/buf.h"

static const char *const names[] = {"emergency", "alert",  "critical", "error",
				    "warning",   "notice", "info",     "debug"};

int log_level_parse(const char *name, enum log_level *ret_level)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcasecmp(name, names[i]) != 0)
			continue;
		*ret_level = (enum log_level)i;
		return 0;
	}
	if (strcasecmp(name, "informational") != 0)
		return -EINVAL;
	*ret_level = LOG_LEVEL_INFO;
	return 0;
}

/* One line, nothing in it that a terminal would obey. */
static void escape(struct buf *b, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\x%02x", c);
		else
			buf_add_char(b, (char)c);
	}
}

static void write_line(enum log_level level, const char *component, const char *text)
{
	struct timespec now;
	struct tm tm;
	struct buf b;
	char when[32];

	buf_init(&b, 8192);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S+0000", &tm);
	buf_printf(&b, "%s %s: ", when, names[level]);
	if (component)
		buf_printf(&b, "%s: ", component);
	escape(&b, text);
	buf_add_char(&b, '\n');
	if (write(STDERR_FILENO, b.p, b.len) < 0)
		errno = 0; /* nowhere left to say so */
	buf_deinit(&b);
}

void log_write(const struct log *log, enum log_level level, const char *component, const char *fmt,
	       ...)
{
	char text[2048];
	va_list ap;

	if (!log || level > log->level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (log->to_stderr)
		write_line(level, component, text);
	if (log->to_syslog)
		syslog((int)level, "%s%s%s", component ? component : "", component ? ": " : "",
		       text);
}
