/*
 * symbols: one row a function. A row says where the pointer goes, so that no row can be forgotten
 * between a list of names and a list of assignments.
 */
#include "host/symbols.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct row {
	const char *name;
	size_t offset;
};

#define API(f)                                                       \
	{                                                            \
		"plugin_" #f, offsetof(struct module_symbols, api.f) \
	}
#define EXT(f)                                                \
	{                                                     \
		"gyr_" #f, offsetof(struct module_symbols, f) \
	}

static const struct row rows[] = {
	API(get_required_api_version),
	API(get_init_schema),
	API(init),
	API(destroy),
	API(get_last_error),
	API(get_name),
	API(get_description),
	API(get_contact),
	API(get_version),
	API(get_id),
	API(get_event_source),
	API(open),
	API(close),
	API(list_open_params),
	API(get_progress),
	API(event_to_string),
	API(next_batch),
	API(get_extract_event_types),
	API(get_extract_event_sources),
	API(get_fields),
	API(extract_fields),
	API(get_parse_event_types),
	API(get_parse_event_sources),
	API(parse_event),
	API(get_async_event_sources),
	API(get_async_events),
	API(set_async_event_handler),
	API(dump_state),
	API(set_config),
	API(get_metrics),
	API(capture_open),
	API(capture_close),
	API(get_required_event_schema_version),
	EXT(set_host),
	EXT(extract_entry),
	EXT(parse_events),
	EXT(output_open),
	EXT(output_send),
	EXT(output_close),
	EXT(output_reopen),
	EXT(output_params_schema),
	EXT(source_commit),
	EXT(source_interest),
	EXT(source_conditions),
	EXT(answers_last),
	EXT(source_shards),
	EXT(source_carries),
	EXT(source_open_shard),
};

void symbols_find(void *handle, struct module_symbols *ret)
{
	*ret = (struct module_symbols){0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		void *p = dlsym(handle, rows[i].name);

		/* An object pointer becomes a function pointer as POSIX has it: by its bits. */
		memcpy((char *)ret + rows[i].offset, &p, sizeof p);
	}
}
