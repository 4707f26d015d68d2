/*
 * versions: one table, shown in two ways.
 */
#include "report/versions.h"

#include "host/symbols.h"
#include "ruleset/loader.h"

/* What this program does is what these releases of Falco and its parts do. */
#define FALCO_VERSION "0.44.1"
#define LIBS_VERSION "0.25.4"
#define DRIVER_API_VERSION "10.1.0"
#define EVENT_SCHEMA_VERSION "4.5.1"

#define TEXT(x) #x
#define DOTTED(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)
#define API_VERSION \
	DOTTED(PLUGIN_API_VERSION_MAJOR, PLUGIN_API_VERSION_MINOR, PLUGIN_API_VERSION_PATCH)

struct version {
	const char *key, *label, *value;
};

static const struct version versions[] = {
	{"default_driver_version", "Default driver: ", DRIVER_API_VERSION},
	{"driver_api_version", "  API version:    ", DRIVER_API_VERSION},
	{"driver_schema_version", "  Schema version: ", EVENT_SCHEMA_VERSION},
	{"engine_version", "Engine:         ", RULES_ENGINE_VERSION},
	{"falco_version", "Falco version:  ", FALCO_VERSION},
	{"gyr_version", "gyr ", GYR_VERSION},
	{"libs_version", "Libs version:   ", LIBS_VERSION},
	{"plugin_api_version", "Plugin API:     ", API_VERSION},
};

enum { N_VERSIONS = sizeof(versions) / sizeof(versions[0]) };

void versions_json(struct buf *b)
{
	for (unsigned i = 0; i < N_VERSIONS; i++)
		buf_printf(b, "%s\"%s\":\"%s\"", i ? "," : "{", versions[i].key, versions[i].value);
	buf_add_char(b, '}');
}

void versions_print(FILE *f)
{
	static const unsigned text_order[] = {4, 6, 7, 3, 8, 1, 2, 0};

	(void)fprintf(f, "gyr %s\n\nIt does what these do:\n", GYR_VERSION);
	for (unsigned i = 0; i < N_VERSIONS; i++) {
		if (text_order[i] == N_VERSIONS)
			(void)fprintf(f, "Driver:\n");
		else
			(void)fprintf(f, "%s%s\n", versions[text_order[i]].label,
				      versions[text_order[i]].value);
	}
}
