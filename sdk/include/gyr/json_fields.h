/*
 * json_fields: extractors over JSON events, declared as table rows.
 *
 * A row names a field and the JSON pointer of its value; a field with logic of its own names a
 * function as well. The kit does the rest of the plugin: it scans each event once for all pointers
 * asked so far, remembers by event number what it found, turns values to text that the host may
 *keep until the next question, and writes the field list. Once every field was asked for and the
 * buffers have met the largest event, nothing is allocated.
 *
 *	static const struct gyr_jf_field fields[] = {
 *		{.name = "ct.id", .pointer = "/eventID", .desc = "ID of the event"},
 *		{.name = "ct.user", .extract = ct_user, .desc = "Who acted"},
 *		{0}};
 *	GYR_JSON_EXTRACTOR(.name = "cloudtrail_fields", .version = "0.1.0", ...);
 *
 * A field is absent when the event is not JSON, when its value is missing, and when its function
 * answers with an error. What the lazy scan jumps over is not checked (gyr/json.h), with two cheap
 * exceptions: an event must begin with a bracket and end with its counterpart. A plugin made with
 *the kit takes the option `strict` (false), which checks every event in full first.
 *
 * Threads: as the ABI: one thread at a time for one plugin state.
 */
#pragma once

#include "gyr/abi.h"
#include "gyr/json.h"

enum gyr_jf_flag {
	GYR_JF_U64 = 1 << 0,      /* an unsigned number; otherwise text */
	GYR_JF_LIST = 1 << 1,     /* any number of values */
	GYR_JF_KEY = 1 << 2,      /* takes [text] */
	GYR_JF_INDEX = 1 << 3,    /* takes [number] */
	GYR_JF_REQUIRED = 1 << 4, /* and not without it */
	GYR_JF_HIDDEN = 1 << 5,   /* not in listings */
	GYR_JF_INFO = 1 << 6,     /* hints for user interfaces */
	GYR_JF_CONVERSATION = 1 << 7,
};

struct gyr_jf; /* state of the plugin and the question being answered */

struct gyr_jf_field {
	const char *name, *display, *desc;
	const char *pointer; /* of the value, or for @extract to use */
	/* Adds the values; 0, or negative for absent. NULL: gyr_jf_plugin.extract. */
	int (*extract)(struct gyr_jf *x, const struct gyr_jf_field *f);
	uint32_t flags;
	const char *detail;     /* for @extract: what this row does differently */
	const char *deprecated; /* "use X" */
};

struct gyr_jf_plugin {
	const char *name, *version, *description, *contact;
	const char *sources;               /* JSON array of event sources; "[]": every one */
	const struct gyr_jf_field *fields; /* ends with a row without name */
	/* What a row without a function does; NULL: gyr_jf_plain(). */
	int (*extract)(struct gyr_jf *x, const struct gyr_jf_field *f);
	/* Pointers for gyr_jf_get(), by number. */
	const char *const *paths;
	uint32_t n_paths;
	const char *required;    /* pointer without which an event answers nothing; or NULL */
	bool takes_other_events; /* functions see events whose data is not JSON, too */
};

/* ---- asking the event (in @extract) ---- */

/* The value at plugin.paths[@path], or at the row's own pointer. 0 and type GYR_JSON_ABSENT when
 * there is none; negative when the event is not JSON. */
int gyr_jf_get(struct gyr_jf *x, uint32_t path, struct gyr_json *ret);
int gyr_jf_value(struct gyr_jf *x, const struct gyr_jf_field *f, struct gyr_json *ret);

/* The same for a pointer made up at run time; it is remembered with the others for all later
 * events. */
int gyr_jf_at(struct gyr_jf *x, const char *pointer, size_t len, struct gyr_json *ret);

/* The value below @v at a path of plain names joined by '/' ("spec/hostPID"). Costs a walk. */
int gyr_jf_below(const struct gyr_json *v, const char *path, struct gyr_json *ret);

/* The argument as text, NULL when none was given; and as a number, UINT64_MAX when it is none. */
const char *gyr_jf_key(const struct gyr_jf *x);
uint64_t gyr_jf_index(const struct gyr_jf *x);

/* The event: its time in ns since the epoch. */
uint64_t gyr_jf_time(const struct gyr_jf *x);

/* ---- answering ---- */

/* Each adds one value: plain text; a JSON string as its text and any other value as compact JSON;
 * a number. -ENODATA: absent value; -EBADMSG: broken; -E2BIG: too much text; -ENOMEM. */
int gyr_jf_add(struct gyr_jf *x, const char *text, size_t len);
int gyr_jf_add_json(struct gyr_jf *x, const struct gyr_json *v);
int gyr_jf_add_indented(struct gyr_jf *x, const struct gyr_json *v);
int gyr_jf_add_u64(struct gyr_jf *x, uint64_t n);

/* A value made of pieces: put any number, then end. */
int gyr_jf_put(struct gyr_jf *x, const char *text, size_t len);
int gyr_jf_put_json(struct gyr_jf *x, const struct gyr_json *v);
int gyr_jf_end(struct gyr_jf *x);

/* Keeps the first @len bytes of what was put since the last end; 0 takes it all back. */
void gyr_jf_keep(struct gyr_jf *x, size_t len);

/* Text put since the last end, which may be changed in place; valid until more is put. */
char *gyr_jf_pending(struct gyr_jf *x, size_t *ret_len);

/* The value at the row's pointer as gyr_jf_add_json() has it. A list: each element of an array. */
int gyr_jf_plain(struct gyr_jf *x, const struct gyr_jf_field *f);

/* ---- the plugin ---- */

struct gyr_jf *gyr__jf_init(const struct gyr_jf_plugin *p, const ss_plugin_init_input *in,
			    ss_plugin_rc *rc);
void gyr__jf_destroy(struct gyr_jf *x);
const char *gyr__jf_error(const struct gyr_jf *x);
const char *gyr__jf_schema(ss_plugin_schema_type *type);
char *gyr__jf_list(const struct gyr_jf_plugin *p);
void gyr__jf_list_free(char *list);
uint16_t *gyr__jf_types(uint32_t *n);
ss_plugin_rc gyr__jf_extract(struct gyr_jf *x, const ss_plugin_event_input *evt,
			     const ss_plugin_field_extract_input *in);
ss_plugin_metric *gyr__jf_metrics(struct gyr_jf *x, uint32_t *n);

/* Exports the functions of an extractor; the arguments initialise a struct gyr_jf_plugin. */
#define GYR_JSON_EXTRACTOR(...)                                                                \
	static const struct gyr_jf_plugin gyr__jf_plugin = {__VA_ARGS__};                      \
	static char *gyr__jf_fields;                                                           \
	__attribute__((destructor)) static void gyr__jf_unload(void)                           \
	{                                                                                      \
		gyr__jf_list_free(gyr__jf_fields);                                             \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_required_api_version(void)                           \
	{                                                                                      \
		return "3.12.0";                                                               \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_name(void)                                           \
	{                                                                                      \
		return gyr__jf_plugin.name;                                                    \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_version(void)                                        \
	{                                                                                      \
		return gyr__jf_plugin.version;                                                 \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_description(void)                                    \
	{                                                                                      \
		return gyr__jf_plugin.description;                                             \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_contact(void)                                        \
	{                                                                                      \
		return gyr__jf_plugin.contact;                                                 \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_extract_event_sources(void)                          \
	{                                                                                      \
		return gyr__jf_plugin.sources;                                                 \
	}                                                                                      \
	GYR_EXPORT uint16_t *plugin_get_extract_event_types(uint32_t *n, ss_plugin_t *s)       \
	{                                                                                      \
		(void)s;                                                                       \
		return gyr__jf_types(n);                                                       \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_init_schema(ss_plugin_schema_type *type)             \
	{                                                                                      \
		return gyr__jf_schema(type);                                                   \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_fields(void)                                         \
	{                                                                                      \
		if (!gyr__jf_fields)                                                           \
			gyr__jf_fields = gyr__jf_list(&gyr__jf_plugin);                        \
		return gyr__jf_fields;                                                         \
	}                                                                                      \
	GYR_EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)  \
	{                                                                                      \
		return gyr__jf_init(&gyr__jf_plugin, in, rc);                                  \
	}                                                                                      \
	GYR_EXPORT void plugin_destroy(ss_plugin_t *s)                                         \
	{                                                                                      \
		gyr__jf_destroy(s);                                                            \
	}                                                                                      \
	GYR_EXPORT const char *plugin_get_last_error(ss_plugin_t *s)                           \
	{                                                                                      \
		return gyr__jf_error(s);                                                       \
	}                                                                                      \
	GYR_EXPORT ss_plugin_metric *plugin_get_metrics(ss_plugin_t *s, uint32_t *n)           \
	{                                                                                      \
		return gyr__jf_metrics(s, n);                                                  \
	}                                                                                      \
	GYR_EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s,                          \
						      const ss_plugin_event_input *evt,        \
						      const ss_plugin_field_extract_input *in) \
	{                                                                                      \
		return gyr__jf_extract(s, evt, in);                                            \
	}
