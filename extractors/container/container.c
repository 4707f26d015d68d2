/*
 * container: which container a system call happened in, and what is known of that container.
 */
#include <gyr/plugin.h>

#include "container.h"

FIELD_FN(absent)
{
	return 0;
}

#define ARG_KEY (GYR_ARG_KEY | GYR_ARG_REQUIRED)
#define ARG_MOUNT (GYR_ARG_KEY | GYR_ARG_INDEX | GYR_ARG_REQUIRED)
#define FIELD(n, t, f, fn, text) \
	{.name = (n), .type = (t), .flags = (f), .extract = absent, .desc = (text)},

static const struct gyr_field fields[] = {
#include "container_rows.def"
	{0}};

static const char *const sources[] = {"syscall", NULL};

PLUGIN(.name = "container", .version = "0.7.1",
       .description = "Which container a system call happened in, and what is known of it",
       .contact = "the Gyr authors", .event_schema = "4.0.0");
PLUGIN_EXTRACTOR(.sources = sources, .fields = fields);
