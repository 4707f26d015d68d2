/*
 * syscall_fields: what can be asked of a system call event.
 *
 * The parser half sees every event first and keeps the state that a question may need: threads,
 * their open files, users. The extractor half answers from the event at hand and that state. Each
 * field is a row of fields.def that names its function; functions live in files by class.
 */
#include <gyr/plugin.h>

#include "fields.h"

int absent(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out)
{
	(void)p;
	(void)evt;
	(void)out;
	return 0;
}

static int fields_parse(struct gyr *p, const struct gyr_event *evt)
{
	(void)p;
	(void)evt;
	return 0;
}

#define FIELD(n, t, f, fn, r, d, text) \
	{.name = (n),                  \
	 .type = (t),                  \
	 .flags = (f),                 \
	 .extract = (fn),              \
	 .role = (r),                  \
	 .deprecated = (d),            \
	 .desc = (text)},

static const struct gyr_field fields[] = {
#include "fields.def"
	{0}};

static const char *const sources[] = {"syscall", NULL};

PLUGIN(.name = "syscall_fields", .version = "0.1.0",
       .description = "Fields of system call events, and the state they need",
       .contact = "the Gyr authors", .event_schema = "4.0.0");
PLUGIN_PARSER(.sources = sources, .parse = fields_parse);
PLUGIN_EXTRACTOR(.sources = sources, .fields = fields);
