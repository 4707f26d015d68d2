/*
 * plugin_export: the macros that export the symbols of abi.h. Part of plugin.h; not for plugin
 * authors to read, nor to include.
 *
 * Each exported function is one line into the static library, which gets the descriptor by pointer.
 * Texts that the host asks for before there is a state (field lists, schemas) are made when the
 * library is loaded, before threads exist, and freed when it is unloaded.
 */
#pragma once

#include <gyr/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GYR__API_VERSION "3.12.0"

/* Texts made at load time; one a macro. */
struct gyr__texts {
	char *a, *b, *c;
};

ss_plugin_t *gyr__init(const struct gyr_plugin *d, const ss_plugin_init_input *in,
		       ss_plugin_rc *rc);
void gyr__destroy(ss_plugin_t *s);
const char *gyr__last_error(ss_plugin_t *s);
ss_plugin_metric *gyr__metrics(ss_plugin_t *s, uint32_t *n);
const char *gyr__event_schema(const struct gyr_plugin *d);
const char *gyr__schema(const struct gyr__texts *t, ss_plugin_schema_type *type);
void gyr__set_host(const struct gyr_host *host);
void gyr__plugin_load(const struct gyr_plugin *d, struct gyr__texts *t);

ss_instance_t *gyr__open(const struct gyr_source *d, ss_plugin_t *s, const char *params,
			 ss_plugin_rc *rc);
void gyr__close(ss_plugin_t *s, ss_instance_t *h);
ss_plugin_rc gyr__next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,
			     ss_plugin_event ***evts);
const char *gyr__list_open_params(const struct gyr_source *d, ss_plugin_t *s, ss_plugin_rc *rc);
const char *gyr__progress(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct);
const char *gyr__event_to_string(const struct gyr_source *d, ss_plugin_t *s,
				 const ss_plugin_event_input *in);
void *gyr__instance(ss_instance_t *h);
struct gyr__carried {
	uint32_t (*fn)(struct gyr *p, void *inst, uint32_t *ret_ids, uint32_t cap);
	uint32_t *ret_ids, cap;
};
uint32_t gyr__carries(const struct gyr_source *d, ss_plugin_t *s, const char *params,
		      const struct gyr__carried *ask);
ss_instance_t *gyr__open_shard(const struct gyr_source *d, ss_plugin_t *s, const char *params,
			       const uint32_t shard[2], ss_plugin_rc *rc);

void gyr__extractor_load(const struct gyr_extractor *d, struct gyr__texts *t);
bool gyr__extract_entry(const struct gyr_extractor *d, ss_plugin_t *s,
			const ss_plugin_event_input *evt, uint32_t scope,
			struct gyr_entry *ret_entry);
ss_plugin_rc gyr__extract(const struct gyr_extractor *d, ss_plugin_t *s,
			  const ss_plugin_event_input *evt,
			  const ss_plugin_field_extract_input *in);
void gyr__parser_load(const struct gyr_parser *d, struct gyr__texts *t);
ss_plugin_rc gyr__parse(const struct gyr_parser *d, ss_plugin_t *s,
			const ss_plugin_event_input *evt, const ss_plugin_event_parse_input *in);
uint16_t *gyr__types(const uint16_t *types, uint32_t n, uint32_t *ret_n);

void gyr__async_load(const struct gyr_async *d, struct gyr__texts *t);
ss_plugin_rc gyr__async_set(const struct gyr_async *d, ss_plugin_t *s, ss_plugin_owner_t *owner,
			    ss_plugin_async_event_handler_t handler);
ss_plugin_rc gyr__dump(int (*fn)(struct gyr *, struct gyr_dump *), ss_plugin_t *s,
		       const struct gyr_dump *to);
ss_plugin_rc gyr__listen(int (*fn)(struct gyr *, const ss_plugin_capture_listen_input *),
			 ss_plugin_t *s, const ss_plugin_capture_listen_input *in);

void gyr__output_load(const struct gyr_output *d, struct gyr__texts *t);
void *gyr__output_open(const struct gyr_output *d, ss_plugin_t *s, const char *params,
		       ss_plugin_rc *rc);
ss_plugin_rc gyr__output_send(ss_plugin_t *s, void *inst, const struct gyr_alert *const *alerts,
			      uint32_t n, uint8_t *verdicts);
void gyr__output_close(ss_plugin_t *s, void *inst);
ss_plugin_rc gyr__output_reopen(ss_plugin_t *s, void *inst);

void gyr__texts_free(struct gyr__texts *t);

#ifdef __cplusplus
}
#endif

/* Descriptor, its texts, and when they are made and freed. */
#define GYR__DESCRIPTOR(kind, ...)                                              \
	static const struct gyr_##kind gyr__the_##kind = {__VA_ARGS__};         \
	static struct gyr__texts gyr__the_##kind##_texts;                       \
	__attribute__((constructor)) static void gyr__the_##kind##_load(void)   \
	{                                                                       \
		gyr__##kind##_load(&gyr__the_##kind, &gyr__the_##kind##_texts); \
	}                                                                       \
	__attribute__((destructor)) static void gyr__the_##kind##_unload(void)  \
	{                                                                       \
		gyr__texts_free(&gyr__the_##kind##_texts);                      \
	}

/* What every plugin is: see struct gyr_plugin. */
#define PLUGIN(...)                                                                \
	GYR__DESCRIPTOR(plugin, __VA_ARGS__)                                       \
	const char *plugin_get_required_api_version(void)                          \
	{                                                                          \
		return GYR__API_VERSION;                                           \
	}                                                                          \
	const char *plugin_get_name(void)                                          \
	{                                                                          \
		return gyr__the_plugin.name;                                       \
	}                                                                          \
	const char *plugin_get_version(void)                                       \
	{                                                                          \
		return gyr__the_plugin.version;                                    \
	}                                                                          \
	const char *plugin_get_description(void)                                   \
	{                                                                          \
		return gyr__the_plugin.description;                                \
	}                                                                          \
	const char *plugin_get_contact(void)                                       \
	{                                                                          \
		return gyr__the_plugin.contact ? gyr__the_plugin.contact : "";     \
	}                                                                          \
	const char *plugin_get_init_schema(ss_plugin_schema_type *type)            \
	{                                                                          \
		return gyr__schema(&gyr__the_plugin_texts, type);                  \
	}                                                                          \
	ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc) \
	{                                                                          \
		return gyr__init(&gyr__the_plugin, in, rc);                        \
	}                                                                          \
	void plugin_destroy(ss_plugin_t *s)                                        \
	{                                                                          \
		gyr__destroy(s);                                                   \
	}                                                                          \
	const char *plugin_get_last_error(ss_plugin_t *s)                          \
	{                                                                          \
		return gyr__last_error(s);                                         \
	}                                                                          \
	ss_plugin_metric *plugin_get_metrics(ss_plugin_t *s, uint32_t *n)          \
	{                                                                          \
		return gyr__metrics(s, n);                                         \
	}                                                                          \
	const char *plugin_get_required_event_schema_version(ss_plugin_t *s)       \
	{                                                                          \
		(void)s;                                                           \
		return gyr__event_schema(&gyr__the_plugin);                        \
	}                                                                          \
	void gyr_set_host(const struct gyr_host *host)                             \
	{                                                                          \
		gyr__set_host(host);                                               \
	}                                                                          \
	struct gyr__semicolon

/* A place events come from: see struct gyr_source. */
#define PLUGIN_SOURCE(...)                                                                  \
	static const struct gyr_source gyr__the_source = {__VA_ARGS__};                     \
	uint32_t plugin_get_id(void)                                                        \
	{                                                                                   \
		return gyr__the_source.id;                                                  \
	}                                                                                   \
	const char *plugin_get_event_source(void)                                           \
	{                                                                                   \
		return gyr__the_source.name ? gyr__the_source.name : "";                    \
	}                                                                                   \
	ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)    \
	{                                                                                   \
		return gyr__open(&gyr__the_source, s, params, rc);                          \
	}                                                                                   \
	void plugin_close(ss_plugin_t *s, ss_instance_t *h)                                 \
	{                                                                                   \
		gyr__close(s, h);                                                           \
	}                                                                                   \
	ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,   \
				       ss_plugin_event ***evts)                             \
	{                                                                                   \
		return gyr__next_batch(s, h, nevts, evts);                                  \
	}                                                                                   \
	const char *plugin_list_open_params(ss_plugin_t *s, ss_plugin_rc *rc)               \
	{                                                                                   \
		return gyr__list_open_params(&gyr__the_source, s, rc);                      \
	}                                                                                   \
	const char *plugin_get_progress(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct)    \
	{                                                                                   \
		return gyr__progress(s, h, pct);                                            \
	}                                                                                   \
	const char *plugin_event_to_string(ss_plugin_t *s, const ss_plugin_event_input *in) \
	{                                                                                   \
		return gyr__event_to_string(&gyr__the_source, s, in);                       \
	}                                                                                   \
	struct gyr__semicolon

/*
 * After PLUGIN_SOURCE: void fn(struct gyr *p, void *inst, uint64_t evtnum) is told that all events
 * of the instance up to this one are finished: the n-th event it emitted has number n. It runs on
 * another thread than .next, at the same time.
 */
#define PLUGIN_SOURCE_COMMIT(fn)                                                  \
	void gyr_source_commit(ss_plugin_t *s, ss_instance_t *h, uint64_t evtnum) \
	{                                                                         \
		fn((struct gyr *)s, gyr__instance(h), evtnum);                    \
	}                                                                         \
	struct gyr__semicolon

/*
 * After PLUGIN_SOURCE: uint32_t count_fn(struct gyr *p, const char *params) says how many instances
 * may read side by side. Each finds its number by gyr_shard() in .open.
 */
#define PLUGIN_SOURCE_SHARDS(count_fn)                                                           \
	uint32_t gyr_source_shards(ss_plugin_t *s, const char *params)                           \
	{                                                                                        \
		return count_fn((struct gyr *)s, params);                                        \
	}                                                                                        \
	ss_instance_t *gyr_source_open_shard(ss_plugin_t *s, const char *params, uint32_t shard, \
					     uint32_t n, ss_plugin_rc *rc)                       \
	{                                                                                        \
		return gyr__open_shard(&gyr__the_source, s, params, (uint32_t[]){shard, n}, rc); \
	}                                                                                        \
	struct gyr__semicolon

/*
 * int fn(struct gyr *p, struct gyr_dump *d) describes the state as events, by gyr_dump(), at the head of a
 * recording that begins now; a negative errno when it cannot.
 */
#define PLUGIN_DUMP_STATE(fn)                                                                \
	ss_plugin_rc plugin_dump_state(ss_plugin_t *s, ss_plugin_owner_t *o,                 \
				       const ss_plugin_async_event_handler_t handler)        \
	{                                                                                    \
		return gyr__dump(fn, s, &(struct gyr_dump){.owner = o, .handler = handler}); \
	}                                                                                    \
	struct gyr__semicolon

/*
 * After PLUGIN_SOURCE, for one whose events may carry the IDs of other plugins: uint32_t fn(struct gyr
 * *p, void *inst, uint32_t *ret_ids, uint32_t cap) says which @inst begins with. The instance has its
 * parameters and is not open.
 */
#define PLUGIN_SOURCE_CARRIES(fn)                                                          \
	uint32_t gyr_source_carries(ss_plugin_t *s, const char *params, uint32_t *ret_ids, \
				    uint32_t cap)                                          \
	{                                                                                  \
		return gyr__carries(&gyr__the_source, s, params,                           \
				    &(struct gyr__carried){fn, ret_ids, cap});             \
	}                                                                                  \
	struct gyr__semicolon

/*
 * After PLUGIN_SOURCE, for one of system call events: int fn(struct gyr *p, void *inst, const struct
 * gyr_interest *interest) is told what the rules are about. What follows are the conditions it asks
 * about, in the order of the bits of interest->needs; there must be one.
 */
#define PLUGIN_SOURCE_INTEREST(fn, ...)                                                     \
	const char *const gyr_source_conditions[] = {__VA_ARGS__, NULL};                    \
	ss_plugin_rc gyr_source_interest(ss_plugin_t *s, ss_instance_t *h,                  \
					 const struct gyr_interest *interest)               \
	{                                                                                   \
		return fn((struct gyr *)s, gyr__instance(h), interest) ? SS_PLUGIN_FAILURE  \
								       : SS_PLUGIN_SUCCESS; \
	}                                                                                   \
	struct gyr__semicolon

/* Answers to what an event holds: see struct gyr_extractor. */
#define PLUGIN_EXTRACTOR(...)                                                                \
	GYR__DESCRIPTOR(extractor, __VA_ARGS__)                                              \
	const uint32_t gyr_batched = 1;                                                      \
	uint32_t gyr_answers_last(void)                                                      \
	{                                                                                    \
		return gyr__the_extractor.answers_last;                                      \
	}                                                                                    \
	const char *plugin_get_fields(void)                                                  \
	{                                                                                    \
		return gyr__the_extractor_texts.a;                                           \
	}                                                                                    \
	const char *plugin_get_extract_event_sources(void)                                   \
	{                                                                                    \
		return gyr__the_extractor_texts.b;                                           \
	}                                                                                    \
	uint16_t *plugin_get_extract_event_types(uint32_t *n, ss_plugin_t *s)                \
	{                                                                                    \
		(void)s;                                                                     \
		return gyr__types(gyr__the_extractor.event_types,                            \
				  gyr__the_extractor.n_event_types, n);                      \
	}                                                                                    \
	ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt, \
					   const ss_plugin_field_extract_input *in)          \
	{                                                                                    \
		return gyr__extract(&gyr__the_extractor, s, evt, in);                        \
	}                                                                                    \
	ss_plugin_bool gyr_extract_entry(ss_plugin_t *s, const ss_plugin_event_input *evt,   \
					 uint32_t scope, struct gyr_entry *ret_entry)        \
	{                                                                                    \
		return gyr__extract_entry(&gyr__the_extractor, s, evt, scope, ret_entry);    \
	}                                                                                    \
	struct gyr__semicolon

/* Sees each event once, before any rule: see struct gyr_parser. */
#define PLUGIN_PARSER(...)                                                                        \
	GYR__DESCRIPTOR(parser, __VA_ARGS__)                                                      \
	const char *plugin_get_parse_event_sources(void)                                          \
	{                                                                                         \
		return gyr__the_parser_texts.b;                                                   \
	}                                                                                         \
	uint16_t *plugin_get_parse_event_types(uint32_t *n, ss_plugin_t *s)                       \
	{                                                                                         \
		(void)s;                                                                          \
		return gyr__types(gyr__the_parser.event_types, gyr__the_parser.n_event_types, n); \
	}                                                                                         \
	ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *evt,         \
					const ss_plugin_event_parse_input *in)                    \
	{                                                                                         \
		return gyr__parse(&gyr__the_parser, s, evt, in);                                  \
	}                                                                                         \
	struct gyr__semicolon

/*
 * After PLUGIN_PARSER: uint32_t fn(struct gyr *p, const struct gyr_events *evts) sees many events at once
 * that nobody asks about, in place of calls for each; how many of them failed.
 */
#define PLUGIN_PARSER_MANY(fn)                                                          \
	uint32_t gyr_parse_events(ss_plugin_t *s, const ss_plugin_event_input *evt,     \
				  ss_plugin_event *const *evts, uint32_t n,             \
				  const ss_plugin_event_parse_input *in)                \
	{                                                                               \
		(void)in;                                                               \
		return fn((struct gyr *)s, &(struct gyr_events){evts, n, evt->evtnum}); \
	}                                                                               \
	struct gyr__semicolon

/* Pushes events from threads of its own: see struct gyr_async. */
#define PLUGIN_ASYNC(...)                                                                     \
	GYR__DESCRIPTOR(async, __VA_ARGS__)                                                   \
	const char *plugin_get_async_events(void)                                             \
	{                                                                                     \
		return gyr__the_async_texts.a;                                                \
	}                                                                                     \
	const char *plugin_get_async_event_sources(void)                                      \
	{                                                                                     \
		return gyr__the_async_texts.b;                                                \
	}                                                                                     \
	ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *s, ss_plugin_owner_t *owner, \
						    const ss_plugin_async_event_handler_t h)  \
	{                                                                                     \
		return gyr__async_set(&gyr__the_async, s, owner, h);                          \
	}                                                                                     \
	struct gyr__semicolon

/* Hears when a capture begins and ends: see struct gyr_listener. */
#define PLUGIN_LISTENER(...)                                                                       \
	static const struct gyr_listener gyr__the_listener = {__VA_ARGS__};                        \
	ss_plugin_rc plugin_capture_open(ss_plugin_t *s, const ss_plugin_capture_listen_input *in) \
	{                                                                                          \
		return gyr__listen(gyr__the_listener.open, s, in);                                 \
	}                                                                                          \
	ss_plugin_rc plugin_capture_close(ss_plugin_t *s,                                          \
					  const ss_plugin_capture_listen_input *in)                \
	{                                                                                          \
		return gyr__listen(gyr__the_listener.close, s, in);                                \
	}                                                                                          \
	struct gyr__semicolon

/* A place alerts go: see struct gyr_output. */
#define PLUGIN_OUTPUT(...)                                                              \
	GYR__DESCRIPTOR(output, __VA_ARGS__)                                            \
	const char *gyr_output_params_schema(void)                                      \
	{                                                                               \
		return gyr__the_output_texts.a;                                         \
	}                                                                               \
	void *gyr_output_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc)     \
	{                                                                               \
		return gyr__output_open(&gyr__the_output, s, params, rc);               \
	}                                                                               \
	ss_plugin_rc gyr_output_send(ss_plugin_t *s, void *inst,                        \
				     const struct gyr_alert *const *alerts, uint32_t n, \
				     uint8_t *verdicts)                                 \
	{                                                                               \
		return gyr__output_send(s, inst, alerts, n, verdicts);                  \
	}                                                                               \
	void gyr_output_close(ss_plugin_t *s, void *inst)                               \
	{                                                                               \
		gyr__output_close(s, inst);                                             \
	}                                                                               \
	ss_plugin_rc gyr_output_reopen(ss_plugin_t *s, void *inst)                      \
	{                                                                               \
		return gyr__output_reopen(s, inst);                                     \
	}                                                                               \
	struct gyr__semicolon
