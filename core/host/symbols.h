/*
 * symbols: the functions a library exports, by the names of the plugin API and of its extensions.
 *
 * Lifetime: that of the module. Threads: read by any.
 */
#pragma once

#include "gyr/abi.h"

struct module_symbols {
	plugin_api api; /* NULL where the library has none */
	void (*set_host)(const struct gyr_host *host);
	ss_plugin_bool (*extract_entry)(ss_plugin_t *s, const ss_plugin_event_input *evt,
					uint32_t scope, struct gyr_entry *ret_entry);
	uint32_t (*parse_events)(ss_plugin_t *s, const ss_plugin_event_input *evt,
				 ss_plugin_event *const *evts, uint32_t n,
				 const ss_plugin_event_parse_input *in);
	void *(*output_open)(ss_plugin_t *s, const char *params, ss_plugin_rc *rc);
	ss_plugin_rc (*output_send)(ss_plugin_t *s, void *inst,
				    const struct gyr_alert *const *alerts, uint32_t n,
				    uint8_t *verdicts);
	void (*output_close)(ss_plugin_t *s, void *inst);
	ss_plugin_rc (*output_reopen)(ss_plugin_t *s, void *inst);
	const char *(*output_params_schema)(void);
	void (*source_commit)(ss_plugin_t *s, ss_instance_t *h, uint64_t evtnum);
	ss_plugin_rc (*source_interest)(ss_plugin_t *s, ss_instance_t *h,
					const struct gyr_interest *interest);
	const char *const *source_conditions;
	uint32_t (*answers_last)(void);
	uint32_t (*source_shards)(ss_plugin_t *s, const char *params);
	uint32_t (*source_carries)(ss_plugin_t *s, const char *params, uint32_t *ret_ids,
				   uint32_t cap);
	ss_instance_t *(*source_open_shard)(ss_plugin_t *s, const char *params, uint32_t shard,
					    uint32_t n, ss_plugin_rc *rc);
};

/* Looks all of them up in @handle (of dlopen). */
void symbols_find(void *handle, struct module_symbols *ret);
