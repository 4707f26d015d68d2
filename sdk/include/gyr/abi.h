/*
 * abi: the binary contract between the router (the host) and a plugin.
 *
 * A plugin is a shared object that exports C functions. What it can do is read off the symbols it
 * exports: no table, no registration call. Parts 1 to 6 have the layout, the names and the return
 * codes of the Falco plugin API 3.12, so plugins travel both ways between the two hosts. Part 7 is
 * ours: further symbols, prefixed gyr_, that a host may look for and a plugin may leave out.
 *
 * Plugin authors rarely meet this page: gyr/plugin.h fills all of it from a few rows.
 *
 * Words. State: what plugin_init returned, `s` below. Instance: what plugin_open returned, `h`.
 * Batch: the events of one plugin_next_batch. [any], [source], [output], [main] in front of a
 * function name the thread that calls it: any thread while the state is not in use elsewhere, the
 * one thread that runs an instance, the one thread of an output instance, the thread that set the
 * plugin up.
 *
 * Memory. Who allocates frees. What a plugin returns stays its own; it must be unchanged until the
 * same function is called again with the same state (plugin_next_batch, plugin_get_progress: the
 * same instance), and ends with plugin_close (instance) or plugin_destroy (state). What the host
 * passes is valid during the call only, but for the owner pointer, the function pointers, table
 * handles and field accessors, which live as long as the state. Pointers to vtables are on the
 * host's stack: copy the functions, not the pointer.
 *
 * Threads. The host may be in several functions of a library at once, never with one state (or
 * instance) in two of them, but for gyr_source_commit. One library may be initialised many times in a process, once a source
 * thread: everything that changes hangs on the state or the instance, nothing on globals.
 *
 * Growth. Structs get new members at their end only. A plugin asks for the version it was written
 * for; the host takes its own major version with an equal or older minor one.
 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GYR_EXPORT __attribute__((visibility("default")))

/* --- 1. scalars ------------------------------------------------------------------------------ */

#define PLUGIN_API_VERSION_MAJOR 3
#define PLUGIN_API_VERSION_MINOR 12
#define PLUGIN_API_VERSION_PATCH 0

/* Bytes of a buffer for an error text, its NUL included. */
#define PLUGIN_MAX_ERRLEN 1024

/* Where the data of a plugin event begins: header 26, two lengths of 4, plugin ID 4. */
#define PLUGIN_EVENT_PAYLOAD_OFFSET 38

/* Zero or not; four bytes wide, unlike bool. */
typedef uint32_t ss_plugin_bool;

/* Answer of every call that can fail. */
typedef enum ss_plugin_rc {
	SS_PLUGIN_TIMEOUT = -1, /* nothing now, ask again */
	SS_PLUGIN_SUCCESS = 0,
	SS_PLUGIN_FAILURE = 1, /* plugin_get_last_error has the text */
	SS_PLUGIN_EOF = 2,     /* no more, ever: a normal end */
	SS_PLUGIN_NOT_SUPPORTED = 3,
} ss_plugin_rc;

/* Type of an extracted value: the number of the same type in the event schema. */
typedef enum ss_plugin_field_type {
	FTYPE_UINT64 = 8,
	FTYPE_STRING = 9,
	FTYPE_RELTIME = 20, /* nanoseconds */
	FTYPE_ABSTIME = 21, /* nanoseconds since the epoch */
	FTYPE_BOOL = 25,
	FTYPE_IPADDR = 40, /* 4 or 16 bytes, network order */
	FTYPE_IPNET = 41,  /* as FTYPE_IPADDR */
} ss_plugin_field_type;

typedef enum ss_plugin_schema_type {
	SS_PLUGIN_SCHEMA_NONE = 0, /* the configuration is any text */
	SS_PLUGIN_SCHEMA_JSON = 1, /* it is JSON, described by a JSON Schema (draft 7) */
} ss_plugin_schema_type;

/* Type of a key or a field of a state table. */
typedef enum ss_plugin_state_type {
	SS_PLUGIN_ST_INT8 = 1,
	SS_PLUGIN_ST_INT16 = 2,
	SS_PLUGIN_ST_INT32 = 3,
	SS_PLUGIN_ST_INT64 = 4,
	SS_PLUGIN_ST_UINT8 = 5,
	SS_PLUGIN_ST_UINT16 = 6,
	SS_PLUGIN_ST_UINT32 = 7,
	SS_PLUGIN_ST_UINT64 = 8,
	SS_PLUGIN_ST_STRING = 9,
	SS_PLUGIN_ST_TABLE = 10,
	SS_PLUGIN_ST_BOOL = 25,
} ss_plugin_state_type;

typedef enum ss_plugin_log_severity {
	SS_PLUGIN_LOG_SEV_FATAL = 1,
	SS_PLUGIN_LOG_SEV_CRITICAL = 2,
	SS_PLUGIN_LOG_SEV_ERROR = 3,
	SS_PLUGIN_LOG_SEV_WARNING = 4,
	SS_PLUGIN_LOG_SEV_NOTICE = 5,
	SS_PLUGIN_LOG_SEV_INFO = 6,
	SS_PLUGIN_LOG_SEV_DEBUG = 7,
	SS_PLUGIN_LOG_SEV_TRACE = 8,
} ss_plugin_log_severity;

/* Which member of ss_plugin_metric_value holds. */
typedef enum ss_plugin_metric_value_type {
	SS_PLUGIN_METRIC_VALUE_TYPE_U32 = 0,
	SS_PLUGIN_METRIC_VALUE_TYPE_S32 = 1,
	SS_PLUGIN_METRIC_VALUE_TYPE_U64 = 2,
	SS_PLUGIN_METRIC_VALUE_TYPE_S64 = 3,
	SS_PLUGIN_METRIC_VALUE_TYPE_D = 4,
	SS_PLUGIN_METRIC_VALUE_TYPE_F = 5,
	SS_PLUGIN_METRIC_VALUE_TYPE_I = 6,
} ss_plugin_metric_value_type;

typedef enum ss_plugin_metric_type {
	SS_PLUGIN_METRIC_TYPE_MONOTONIC = 0,     /* only grows: a counter */
	SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC = 1, /* goes up and down: a gauge */
} ss_plugin_metric_type;

/* Opaque things, only ever met as pointers. */
typedef void ss_plugin_t;                      /* a plugin's state */
typedef void ss_instance_t;                    /* one open source */
typedef void ss_plugin_owner_t;                /* the host's side of a state */
typedef void ss_plugin_table_t;                /* a state table, of the host or a plugin */
typedef void ss_plugin_table_entry_t;          /* a row of one */
typedef void ss_plugin_table_field_t;          /* accessor of a column */
typedef void ss_plugin_table_iterator_state_t; /* whatever the iterating side wants back */
typedef void ss_plugin_routine_t;              /* a task on the host's pool */
typedef void ss_plugin_routine_state_t;        /* whatever the task wants back */

/* --- 2. events ------------------------------------------------------------------------------- */

/*
 * Head of every event. After it come `nparams` lengths (2 bytes each, or 4 for event types with
 * large payloads, which the two below are), then the parameters, back to back, no padding; `len`
 * spans all of it. Little endian. Only these 26 bytes are certain to exist: check `len`.
 */
typedef struct __attribute__((packed)) ss_plugin_event {
	uint64_t ts;   /* ns since the epoch; all ones: the host puts the current time */
	uint64_t tid;  /* thread; all ones: none */
	uint32_t len;  /* bytes, this head included */
	uint16_t type; /* event code */
	uint32_t nparams;
} ss_plugin_event;

/* What a source emits: ID of the plugin (4 bytes), data. */
#define GYR_EVENT_PLUGIN 322
/* What a plugin injects: ID of the plugin (4 bytes), name with NUL, data. */
#define GYR_EVENT_ASYNC 402

typedef struct ss_plugin_event_input {
	const ss_plugin_event *evt;
	uint64_t evtnum;    /* from 1, ascending, may have gaps */
	const char *evtsrc; /* name of the event source */
} ss_plugin_event_input;

typedef struct ss_plugin_byte_buffer {
	uint32_t len;
	const void *ptr;
} ss_plugin_byte_buffer;

/* --- 3. state tables ------------------------------------------------------------------------- */

/* One value, or one key; its type says which member. */
typedef union ss_plugin_state_data {
	int8_t s8;
	int16_t s16;
	int32_t s32;
	int64_t s64;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	const char *str; /* NUL-terminated; read: valid while the row is held and not rewritten */
	ss_plugin_bool b;
	ss_plugin_table_t *table; /* valid during the current call */
} ss_plugin_state_data;

typedef struct ss_plugin_table_info {
	const char *name;
	ss_plugin_state_type key_type;
} ss_plugin_table_info;

typedef struct ss_plugin_table_fieldinfo {
	const char *name;
	ss_plugin_state_type field_type;
	ss_plugin_bool read_only;
} ss_plugin_table_fieldinfo;

/* Sees one row; 0 stops the walk. The row is lent: do not release it. */
typedef ss_plugin_bool (*ss_plugin_table_iterator_func_t)(ss_plugin_table_iterator_state_t *state,
							  ss_plugin_table_entry_t *entry);

/* Columns of a table. Accessors are got during plugin_init and live as long as the state. */
typedef struct {
	/* The columns, as an array of *n that the table owns; NULL on error. */
	const ss_plugin_table_fieldinfo *(*list_table_fields)(ss_plugin_table_t *t, uint32_t *n);
	/* Accessor of a column; NULL when there is none of this name and type. */
	ss_plugin_table_field_t *(*get_table_field)(ss_plugin_table_t *t, const char *name,
						    ss_plugin_state_type type);
	/* Adds a column, or gets it when it exists with this type; NULL otherwise. New columns
	 * start as zero or "" in all rows. */
	ss_plugin_table_field_t *(*add_table_field)(ss_plugin_table_t *t, const char *name,
						    ss_plugin_state_type type);
} ss_plugin_table_fields_vtable;

typedef struct {
	const ss_plugin_table_fieldinfo *(*list_table_fields)(ss_plugin_table_t *t, uint32_t *n);
	ss_plugin_table_field_t *(*get_table_field)(ss_plugin_table_t *t, const char *name,
						    ss_plugin_state_type type);
	ss_plugin_table_field_t *(*add_table_field)(ss_plugin_table_t *t, const char *name,
						    ss_plugin_state_type type);
} ss_plugin_table_fields_vtable_ext;

/* Reading, first shape: rows cannot be given back nor walked. Filled for old plugins only. */
typedef struct {
	const char *(*get_table_name)(ss_plugin_table_t *t);
	uint64_t (*get_table_size)(ss_plugin_table_t *t);
	ss_plugin_table_entry_t *(*get_table_entry)(ss_plugin_table_t *t,
						    const ss_plugin_state_data *key);
	ss_plugin_rc (*read_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					 const ss_plugin_table_field_t *f,
					 ss_plugin_state_data *out);
} ss_plugin_table_reader_vtable;

typedef struct ss_plugin_table_reader_vtable_ext {
	/* NULL on error. */
	const char *(*get_table_name)(ss_plugin_table_t *t);
	/* Rows; UINT64_MAX on error. */
	uint64_t (*get_table_size)(ss_plugin_table_t *t);
	/* The row of a key, NULL when absent. Release it before the current call returns. */
	ss_plugin_table_entry_t *(*get_table_entry)(ss_plugin_table_t *t,
						    const ss_plugin_state_data *key);
	ss_plugin_rc (*read_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					 const ss_plugin_table_field_t *f,
					 ss_plugin_state_data *out);
	/* Gives back a row of get_table_entry or add_table_entry. */
	void (*release_table_entry)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e);
	/* 1 when every row was seen, 0 on failure or when the callback stopped. */
	ss_plugin_bool (*iterate_entries)(ss_plugin_table_t *t, ss_plugin_table_iterator_func_t it,
					  ss_plugin_table_iterator_state_t *state);
} ss_plugin_table_reader_vtable_ext;

typedef struct {
	ss_plugin_rc (*clear_table)(ss_plugin_table_t *t);
	/* FAILURE when the key is absent. */
	ss_plugin_rc (*erase_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key);
	/* A row outside the table, the caller's until it is added or destroyed. */
	ss_plugin_table_entry_t *(*create_table_entry)(ss_plugin_table_t *t);
	void (*destroy_table_entry)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e);
	/* Takes such a row in under @key, in place of an older one. Returns it to be released. */
	ss_plugin_table_entry_t *(*add_table_entry)(ss_plugin_table_t *t,
						    const ss_plugin_state_data *key,
						    ss_plugin_table_entry_t *e);
	/* FAILURE for read-only columns and columns that are tables. */
	ss_plugin_rc (*write_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					  const ss_plugin_table_field_t *f,
					  const ss_plugin_state_data *in);
} ss_plugin_table_writer_vtable;

typedef struct ss_plugin_table_writer_vtable_ext {
	ss_plugin_rc (*clear_table)(ss_plugin_table_t *t);
	ss_plugin_rc (*erase_table_entry)(ss_plugin_table_t *t, const ss_plugin_state_data *key);
	ss_plugin_table_entry_t *(*create_table_entry)(ss_plugin_table_t *t);
	void (*destroy_table_entry)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e);
	ss_plugin_table_entry_t *(*add_table_entry)(ss_plugin_table_t *t,
						    const ss_plugin_state_data *key,
						    ss_plugin_table_entry_t *e);
	ss_plugin_rc (*write_entry_field)(ss_plugin_table_t *t, ss_plugin_table_entry_t *e,
					  const ss_plugin_table_field_t *f,
					  const ss_plugin_state_data *in);
} ss_plugin_table_writer_vtable_ext;

/*
 * A table that a plugin offers to others. All fifteen functions are required; the legacy copies
 * hold the same pointers as the _ext ones. The struct is read during add_table; the three _ext
 * tables and `table` must live as long as the state.
 */
typedef struct ss_plugin_table_input {
	const char *name;
	ss_plugin_state_type key_type;
	ss_plugin_table_t *table; /* handed back as the first argument of each function */
	ss_plugin_table_reader_vtable reader;
	ss_plugin_table_writer_vtable writer;
	ss_plugin_table_fields_vtable fields;
	ss_plugin_table_reader_vtable_ext *reader_ext;
	ss_plugin_table_writer_vtable_ext *writer_ext;
	ss_plugin_table_fields_vtable_ext *fields_ext;
} ss_plugin_table_input;

/* The table registry, lent during plugin_init. */
typedef struct ss_plugin_init_tables_input {
	/* Known tables: *n rows in memory of the host, valid until the next call. */
	ss_plugin_table_info *(*list_tables)(ss_plugin_owner_t *o, uint32_t *n);
	/* NULL when unknown (no error text) or of another key type (error text). */
	ss_plugin_table_t *(*get_table)(ss_plugin_owner_t *o, const char *name,
					ss_plugin_state_type key_type);
	/* Offers a table; the name must be new. */
	ss_plugin_rc (*add_table)(ss_plugin_owner_t *o, const ss_plugin_table_input *in);
	ss_plugin_table_fields_vtable fields;
	ss_plugin_table_fields_vtable_ext *fields_ext;
	ss_plugin_table_reader_vtable_ext *reader_ext; /* since 3.5 */
	ss_plugin_table_writer_vtable_ext *writer_ext; /* since 3.5 */
} ss_plugin_init_tables_input;

/* --- 4. what the host passes ----------------------------------------------------------------- */

/* Text of the last error of the host on behalf of this plugin; NULL when there is none. */
typedef const char *(*ss_plugin_owner_last_error_fn_t)(ss_plugin_owner_t *o);

/* Writes a line to the host's log. @component NULL: the name of the plugin. Any thread. */
typedef void (*ss_plugin_log_fn_t)(ss_plugin_owner_t *o, const char *component, const char *msg,
				   ss_plugin_log_severity sev);

typedef struct ss_plugin_init_input {
	const char *config; /* never NULL, may be "" */
	ss_plugin_owner_t *owner;
	ss_plugin_owner_last_error_fn_t get_owner_last_error;
	const ss_plugin_init_tables_input *tables; /* NULL without parsing or extraction */
	ss_plugin_log_fn_t log_fn;                 /* since 3.3 */
} ss_plugin_init_input;

typedef struct ss_plugin_set_config_input {
	const char *config;
} ss_plugin_set_config_input;

/* Where in the event the values of a field are: two arrays of res_len, counted from the event's
 * first byte; {0, 0} for a value that is nowhere. NULL when the plugin does not know. */
typedef struct ss_plugin_extract_value_offsets {
	uint32_t *start;
	uint32_t *length;
} ss_plugin_extract_value_offsets;

/* One request for a field's values, and the answer. */
typedef struct ss_plugin_extract_field {
	/* Out: array of res_len values. Valid until the next extract_fields on the state. */
	union {
		const char **str;           /* string */
		uint64_t *u64;              /* uint64, reltime, abstime */
		uint32_t *u32;              /* no type uses it today */
		ss_plugin_bool *boolean;    /* bool */
		ss_plugin_byte_buffer *buf; /* ipaddr, ipnet, and bytes types of part 7 */
	} res;
	uint64_t res_len;           /* out: 0 absent; at most 1 unless a list */
	uint32_t field_id;          /* position in plugin_get_fields */
	const char *field;          /* name, without the argument */
	const char *arg_key;        /* text of the argument, or NULL */
	uint64_t arg_index;         /* it as a number; UINT64_MAX (or 0) when it is none */
	ss_plugin_bool arg_present; /* brackets were given */
	uint32_t ftype;             /* ss_plugin_field_type, or a type of part 7 */
	ss_plugin_bool flist;       /* not zero for a list */
} ss_plugin_extract_field;

typedef struct ss_plugin_field_extract_input {
	ss_plugin_owner_t *owner;
	ss_plugin_owner_last_error_fn_t get_owner_last_error;
	uint32_t num_fields;
	ss_plugin_extract_field *fields;
	ss_plugin_table_reader_vtable table_reader;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_extract_value_offsets *value_offsets; /* since 3.12; NULL when not wanted */
} ss_plugin_field_extract_input;

typedef struct ss_plugin_event_parse_input {
	ss_plugin_owner_t *owner;
	ss_plugin_owner_last_error_fn_t get_owner_last_error;
	ss_plugin_table_reader_vtable table_reader;
	ss_plugin_table_writer_vtable table_writer;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_table_writer_vtable_ext *table_writer_ext;
} ss_plugin_event_parse_input;

typedef union ss_plugin_metric_value {
	uint32_t u32;
	int32_t s32;
	uint64_t u64;
	int64_t s64;
	double d;
	float f;
	int i;
} ss_plugin_metric_value;

typedef struct ss_plugin_metric {
	const char *name; /* the host puts the plugin's name before it */
	ss_plugin_metric_type type;
	ss_plugin_metric_value value;
	ss_plugin_metric_value_type value_type;
} ss_plugin_metric;

/* A task on the host's pool: called again and again, one turn at a time, until it returns 0. */
typedef ss_plugin_bool (*ss_plugin_routine_fn_t)(ss_plugin_t *s, ss_plugin_routine_state_t *state);

typedef struct ss_plugin_routine_vtable {
	/* NULL when the host has no pool. */
	ss_plugin_routine_t *(*subscribe)(ss_plugin_owner_t *o, ss_plugin_routine_fn_t fn,
					  ss_plugin_routine_state_t *state);
	/* Does not wait for a turn that is running. FAILURE when unknown. */
	ss_plugin_rc (*unsubscribe)(ss_plugin_owner_t *o, ss_plugin_routine_t *r);
} ss_plugin_routine_vtable;

typedef struct ss_plugin_capture_listen_input {
	ss_plugin_owner_t *owner;
	ss_plugin_routine_vtable *routine;
	ss_plugin_table_reader_vtable_ext *table_reader_ext;
	ss_plugin_table_writer_vtable_ext *table_writer_ext;
	ss_plugin_owner_last_error_fn_t get_owner_last_error; /* since 3.9 */
} ss_plugin_capture_listen_input;

/* Injects an event of code 402; it is copied. @err: NULL, or PLUGIN_MAX_ERRLEN bytes of the plugin
 * that get the reason of a FAILURE. Any thread, from a set_async_event_handler to the next. */
typedef ss_plugin_rc (*ss_plugin_async_event_handler_t)(ss_plugin_owner_t *o,
							const ss_plugin_event *evt, char *err);

/* --- 5. exported by a plugin ----------------------------------------------------------------- */

/*
 * Every plugin. The strings are constants; the first six may be called before plugin_init and
 * after plugin_destroy. [main]
 */
GYR_EXPORT const char *plugin_get_required_api_version(void); /* "3.12.0"; asked before all else */
GYR_EXPORT const char *plugin_get_version(void);              /* of the plugin, "1.2.3" */
GYR_EXPORT const char *plugin_get_name(void);                 /* unique among loaded plugins */
GYR_EXPORT const char *plugin_get_description(void);
GYR_EXPORT const char *plugin_get_contact(void);

/* Text of the last failure on this state; called right after it, on the thread that failed. */
GYR_EXPORT const char *plugin_get_last_error(ss_plugin_t *s);

/* Makes a state. On FAILURE it may still return one, so that its error can be read; whatever is not
 * NULL is destroyed once. [main] */
GYR_EXPORT ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc);

/* Ends a state: every instance is closed, no call is running. [main] */
GYR_EXPORT void plugin_destroy(ss_plugin_t *s);

/* Optional, every plugin. */

/* JSON Schema of the configuration. An empty configuration is then read as "{}". */
GYR_EXPORT const char *plugin_get_init_schema(ss_plugin_schema_type *type);
/* A new configuration for a running state; FAILURE leaves the old one. [any] */
GYR_EXPORT ss_plugin_rc plugin_set_config(ss_plugin_t *s, const ss_plugin_set_config_input *in);
/* Array of *n metrics. [any] */
GYR_EXPORT ss_plugin_metric *plugin_get_metrics(ss_plugin_t *s, uint32_t *n);
/* Oldest event schema understood, "3.0.0" when missing. Only for parsing and extraction. */
GYR_EXPORT const char *plugin_get_required_event_schema_version(ss_plugin_t *s);

/*
 * Source: open, close and next_batch, all three. id (not 0) and event_source go together; a plugin
 * without them emits events of the system call schema.
 */
GYR_EXPORT uint32_t plugin_get_id(void);
GYR_EXPORT const char *plugin_get_event_source(void);

/* Starts to read; @params is text only the plugin understands. After FAILURE the instance, even
 * NULL, is closed. [source] */
GYR_EXPORT ss_instance_t *plugin_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc);
/* @h may be NULL. [source] */
GYR_EXPORT void plugin_close(ss_plugin_t *s, ss_instance_t *h);
/*
 * The next events, *nevts of them, at least one on SUCCESS. May come with TIMEOUT, EOF or FAILURE
 * too: then they are handled first. With nothing to give, block for about 30 ms and say TIMEOUT.
 * Each event of a plugin with an ID has code 322; its plugin ID may be left 0. The host writes into
 * the events. All is valid until the next next_batch or close of @h. [source]
 */
GYR_EXPORT ss_plugin_rc plugin_next_batch(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,
					  ss_plugin_event ***evts);
/* Optional: values worth giving to open, JSON [{"value", "desc", "separator"}]. [main] */
GYR_EXPORT const char *plugin_list_open_params(ss_plugin_t *s, ss_plugin_rc *rc);
/* Optional: *pct in hundredths of a percent, 0 to 10000; the text may be NULL. [source] */
GYR_EXPORT const char *plugin_get_progress(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct);
/* Optional: one line that shows an event of this source. [any] */
GYR_EXPORT const char *plugin_event_to_string(ss_plugin_t *s, const ss_plugin_event_input *in);

/*
 * Extractor: fields and extract_fields, both.
 */

/*
 * JSON array: name, type ("string" "uint64" "reltime" "abstime" "bool" "ipaddr" "ipnet"), desc;
 * optional display, isList, addOutput, arg {isRequired, isIndex, isKey}, properties; and what only
 * this host reads: "gyr" {type, flags, role, deprecated}, see part 7. Before plugin_init. [main]
 */
GYR_EXPORT const char *plugin_get_fields(void);
/* Answers all requests; a field that cannot be answered gets res_len 0 (FAILURE: all of them). Any
 * number of requests, also of one field with different arguments. [any] */
GYR_EXPORT ss_plugin_rc plugin_extract_fields(ss_plugin_t *s, const ss_plugin_event_input *evt,
					      const ss_plugin_field_extract_input *in);
/* Optional: JSON array of names of event sources; missing or empty: every source, or the plugin's
 * own when it is a source. */
GYR_EXPORT const char *plugin_get_extract_event_sources(void);
/* Optional: event codes understood. Missing or empty: all when "syscall" is among the sources, else
 * 322. Asked once, after plugin_init. */
GYR_EXPORT uint16_t *plugin_get_extract_event_types(uint32_t *n, ss_plugin_t *s);

/*
 * Parser: parse_event. Sees each event once, before any rule, in the order plugins were loaded; its
 * answer is counted, nothing else. Sources and types as for the extractor. Beyond Falco's API: after
 * SS_PLUGIN_EOF it is shown no more events. [source]
 */
GYR_EXPORT ss_plugin_rc plugin_parse_event(ss_plugin_t *s, const ss_plugin_event_input *evt,
					   const ss_plugin_event_parse_input *in);
GYR_EXPORT uint16_t *plugin_get_parse_event_types(uint32_t *n, ss_plugin_t *s);
GYR_EXPORT const char *plugin_get_parse_event_sources(void);

/*
 * Injector of asynchronous events: get_async_events and set_async_event_handler, both.
 */
GYR_EXPORT const char *plugin_get_async_events(void); /* JSON array of their names, not empty */
GYR_EXPORT const char *plugin_get_async_event_sources(void);
/* Starts with a handler, stops with NULL: return only when own threads no longer use it. [main] */
GYR_EXPORT ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *s, ss_plugin_owner_t *o,
						       const ss_plugin_async_event_handler_t fn);
/* Optional: describes the state as events, at the head of a recording. [source] */
GYR_EXPORT ss_plugin_rc plugin_dump_state(ss_plugin_t *s, ss_plugin_owner_t *o,
					  const ss_plugin_async_event_handler_t fn);

/*
 * Listener: is told when the capture starts and ends; both. [main]
 */
GYR_EXPORT ss_plugin_rc plugin_capture_open(ss_plugin_t *s,
					    const ss_plugin_capture_listen_input *in);
GYR_EXPORT ss_plugin_rc plugin_capture_close(ss_plugin_t *s,
					     const ss_plugin_capture_listen_input *in);

/* --- 6. the same as a table, for plugins linked into a host ---------------------------------- */

/* Members are named and ordered as the binary layout wants; a missing function is NULL. */
typedef struct plugin_api {
	const char *(*get_required_api_version)(void);
	const char *(*get_init_schema)(ss_plugin_schema_type *type);
	ss_plugin_t *(*init)(const ss_plugin_init_input *in, ss_plugin_rc *rc);
	void (*destroy)(ss_plugin_t *s);
	const char *(*get_last_error)(ss_plugin_t *s);
	const char *(*get_name)(void);
	const char *(*get_description)(void);
	const char *(*get_contact)(void);
	const char *(*get_version)(void);
	uint32_t (*get_id)(void);
	const char *(*get_event_source)(void);
	ss_instance_t *(*open)(ss_plugin_t *s, const char *params, ss_plugin_rc *rc);
	void (*close)(ss_plugin_t *s, ss_instance_t *h);
	const char *(*list_open_params)(ss_plugin_t *s, ss_plugin_rc *rc);
	const char *(*get_progress)(ss_plugin_t *s, ss_instance_t *h, uint32_t *pct);
	const char *(*event_to_string)(ss_plugin_t *s, const ss_plugin_event_input *in);
	ss_plugin_rc (*next_batch)(ss_plugin_t *s, ss_instance_t *h, uint32_t *nevts,
				   ss_plugin_event ***evts);
	uint16_t *(*get_extract_event_types)(uint32_t *n, ss_plugin_t *s);
	const char *(*get_extract_event_sources)(void);
	const char *(*get_fields)(void);
	ss_plugin_rc (*extract_fields)(ss_plugin_t *s, const ss_plugin_event_input *evt,
				       const ss_plugin_field_extract_input *in);
	uint16_t *(*get_parse_event_types)(uint32_t *n, ss_plugin_t *s);
	const char *(*get_parse_event_sources)(void);
	ss_plugin_rc (*parse_event)(ss_plugin_t *s, const ss_plugin_event_input *evt,
				    const ss_plugin_event_parse_input *in);
	const char *(*get_async_event_sources)(void);
	const char *(*get_async_events)(void);
	ss_plugin_rc (*set_async_event_handler)(ss_plugin_t *s, ss_plugin_owner_t *o,
						const ss_plugin_async_event_handler_t fn);
	ss_plugin_rc (*dump_state)(ss_plugin_t *s, ss_plugin_owner_t *o,
				   const ss_plugin_async_event_handler_t fn);
	ss_plugin_rc (*set_config)(ss_plugin_t *s, const ss_plugin_set_config_input *in);
	ss_plugin_metric *(*get_metrics)(ss_plugin_t *s, uint32_t *n);
	ss_plugin_rc (*capture_open)(ss_plugin_t *s, const ss_plugin_capture_listen_input *in);
	ss_plugin_rc (*capture_close)(ss_plugin_t *s, const ss_plugin_capture_listen_input *in);
	const char *(*get_required_event_schema_version)(ss_plugin_t *s);
} plugin_api;

/* --- 7. extensions --------------------------------------------------------------------------- */

/*
 * Fields, in the JSON of plugin_get_fields: the key "gyr" of a row may say what the seven types and
 * the arg object cannot:
 *   type        a further type of the event schema, in lower case: "port" "int64" "bytebuf"
 *               "fspath" "ipv4addr" "double" "flags32" ...; requests then carry its number in ftype
 *   flags       array of "no_rhs" "no_transformer" "filter_only" "any" "not_any" "slow" "volatile"
 *               "arg_suffix" "arg_param" "numeric_str" "padded" "hex" "shown_apart" "within"
 *               "arg_compared" (takes no argument in rules; a comparison by = != in intersects
 *               makes its constants the argument, one a line)
 *               "gone" (no field: rules that use it, or a name that goes on with a dot, are told
 *               what "deprecated" says); an unknown one is an error
 *   scope       number of a scope, see gyr_extract_entry
 *   role        "event_type" "syscall_type" "event_num"
 *   deprecated  what to use instead
 * Answers: integers, ports, flags and other numbers in res.u64 (signed ones sign-extended), double in
 * res.u64 as its bits, bool in res.boolean, strings (charbuf, fspath, fsrelpath) in res.str, all
 * other bytes types in res.buf.
 */

/*
 * Batches, optional for an extractor: that this symbol is there (its value does not matter) says that
 * plugin_extract_fields takes any number of requests a call. Without it a host asks for one field at
 * a time, as the hosts do for which older plugins were written.
 */
GYR_EXPORT extern const uint32_t gyr_batched;

/*
 * How long answers last, optional for an extractor: when it is there and not 0, memory that answers of
 * plugin_extract_fields point to (texts, bytes) stays as it is until the next event is parsed or
 * asked about, not only until the next call; the arrays of answers themselves do not. [any]
 */
GYR_EXPORT uint32_t gyr_answers_last(void);

/*
 * Entries, optional for an extractor that keeps state. A field that shows nothing but what one entry
 * of that state holds (the thread of the event, its descriptor) says so by "scope": 1 to
 * GYR_SCOPES - 1 under "gyr" in its row of plugin_get_fields; which number stands for what is the
 * plugin's. A host may then remember what it found out about the value, by the entry and its
 * version, and not ask again while both are the same.
 *
 * gyr_extract_entry tells the entry of @evt in @scope. False: it has none, or none that is known;
 * fields are then asked as ever. The promise: for two events with equal scope, id and version, every
 * field of the scope has the same value for the same argument, absent or not. So an id is never used
 * again for another entry, and a version never again for other content of the same one. Called
 * after plugin_parse_event and before the next event, any number of times, like
 * plugin_extract_fields. [owner thread of the state]
 */
enum { GYR_SCOPES = 8 };

struct gyr_entry {
	uint64_t id, version;
};

GYR_EXPORT ss_plugin_bool gyr_extract_entry(ss_plugin_t *s, const ss_plugin_event_input *evt,
					    uint32_t scope, struct gyr_entry *ret_entry);

/*
 * Many events a call, optional for a parser: gyr_parse_events does what @n calls (at least 1) of
 * plugin_parse_event would, with the events at @evts in turn, @evt->evtnum and the numbers after it,
 * and the source of @evt, whose evt is evts[0]. Nothing is asked about any of them, then or later. How
 * many failed: they are counted as failures of plugin_parse_event are. A host may call it for events
 * that no rule is about and no other plugin parses. [source]
 */
GYR_EXPORT uint32_t gyr_parse_events(ss_plugin_t *s, const ss_plugin_event_input *evt,
				     ss_plugin_event *const *evts, uint32_t n,
				     const ss_plugin_event_parse_input *in);

/*
 * Records, optional for a source without an ID: events of code 402 with plugin ID 0 and a name that
 * begins with "gyr." tell parsers about the state of the system; rules never see them, and they have
 * no number. One called gyr.hidden has a whole event as its data: parsers get that event, with a
 * number, and rules do not. gyr/scapmeta.h has the names and their data.
 *
 * Events of such a source, other than those of codes 322 and 402, may have behind their last
 * parameter and inside their length 2 bytes with the number of the CPU that saw them.
 */

/*
 * Services of the host, for plugins that answer questions about other plugins.
 *
 * gyr_set_host is optional. It is called once after loading, before every other function, with a
 * struct that stays valid until the library is unloaded. Check `size` before a member that was
 * added after the first two. The functions may be called from within plugin_extract_fields and
 * plugin_parse_event, with the owner of the state. [main]
 */
struct gyr_host {
	uint32_t size; /* bytes of this struct as the host knows it */

	/* Name of the plugin whose source has this ID; NULL when none is loaded. Lives as long as
	 * the owner. */
	const char *(*plugin_name)(ss_plugin_owner_t *o, uint32_t plugin_id);

	/* The line its source makes of an event (or what the host makes in its place); NULL when no
	 * loaded plugin made it. Valid until the next call with the same owner. */
	const char *(*event_to_string)(ss_plugin_owner_t *o, const ss_plugin_event_input *evt);
};

GYR_EXPORT void gyr_set_host(const struct gyr_host *host);

/*
 * Output: takes alerts away. gyr_output_open, gyr_output_send and gyr_output_close, all three.
 *
 * The host makes one state for each instance, so all calls with either come from one thread. Alerts
 * are as the host rendered them: no newline, no terminal escape, valid UTF-8.
 */

/* Answer for one alert. */
enum gyr_verdict {
	GYR_ALERT_ACCEPTED = 0, /* it has arrived: the output keeps the host's promise from here */
	GYR_ALERT_RETRY = 1,    /* not now; the host offers it again, after a pause, in order */
	GYR_ALERT_REFUSED = 2,  /* never; the host counts it and puts it aside */
	GYR_ALERT_OVER = 3,     /* never, nor any that follows: nobody is left to read them */
	GYR_ALERT_WAIT = 4, /* not now, and it was not even tried: the destination wants a pause.
				 * As RETRY, but neither a try of the alert nor a failure */
};

/* An alert as rendered. All texts are NUL-terminated, the lengths do not count the NUL; they live
 * until gyr_output_send returns. New members come at the end: check `size` for later ones. */
struct gyr_alert {
	uint32_t size;     /* bytes of this struct as the host knows it */
	uint32_t priority; /* 0 emergency, 1 alert, ... 7 debug, as in syslog */
	uint64_t id;       /* the same for the same event and rule, also when offered again */
	uint64_t ts;       /* of the event, ns since the epoch */
	const char *rule;
	const char *priority_name; /* "Emergency" ... "Debug" */
	const char *source;        /* name of the event source */
	const char *hostname;
	const char *const *tags;
	uint32_t n_tags;
	uint32_t text_len;
	uint32_t message_len;
	uint32_t json_len;
	const char *text;    /* the line as shown to people: time, priority, message */
	const char *message; /* the message alone */
	const char *json;    /* the alert as one JSON object on one line */
};

/* Starts an instance. @params: a JSON object, or any text, as the plugin says in its README; never
 * NULL. On FAILURE whatever is returned and not NULL is closed. [output] */
GYR_EXPORT void *gyr_output_open(ss_plugin_t *s, const char *params, ss_plugin_rc *rc);

/*
 * Takes @n alerts (at least 1), oldest first, and answers each: verdicts[i] for alerts[i]. The host
 * has set all answers to GYR_ALERT_RETRY, so an output that gives up half-way just returns. FAILURE
 * says why the ones not accepted were not, by plugin_get_last_error, and changes no answer. May
 * block; a deadline of its own is the output's duty. [output]
 */
GYR_EXPORT ss_plugin_rc gyr_output_send(ss_plugin_t *s, void *inst,
					const struct gyr_alert *const *alerts, uint32_t n,
					uint8_t *verdicts);

/* Ends an instance; what was accepted and is still in memory goes out first. [output] */
GYR_EXPORT void gyr_output_close(ss_plugin_t *s, void *inst);

/* Optional: let go of files and open them anew (they were rotated). Between two sends. [output] */
GYR_EXPORT ss_plugin_rc gyr_output_reopen(ss_plugin_t *s, void *inst);

/* Optional: JSON Schema of the @params of gyr_output_open, checked before it; constant. [main] */
GYR_EXPORT const char *gyr_output_params_schema(void);

/*
 * Commit, optional for a source: all events up to number @evtnum are finished. An event is finished
 * when no rule matched it, or every output that must have its alerts has them. Events count from 1
 * in the order @h delivered them. Numbers only grow, and skip; the last one that was reached is told
 * before plugin_close. What was not committed may be delivered again after a restart.
 *
 * It is called as soon as an output has acknowledged a batch, and the output goes on when it returns:
 * what takes long is for plugin_next_batch to do, or for a thread of the plugin. Unlike everything else
 * it may run while the same @h is in plugin_next_batch; what both touch needs a lock. Calls for
 * one @h come one after the other, from changing threads. It sets no last error. [any]
 */
GYR_EXPORT void gyr_source_commit(ss_plugin_t *s, ss_instance_t *h, uint64_t evtnum);

/*
 * Interest, optional for a source of system call events (without an ID): which events the rules are
 * about, so that it need not make the others. It is told once before the first plugin_next_batch of
 * @h, and whenever rules change: then first what the old and the new ones want together, and, when
 * the events from before are through, what the new ones want. After FAILURE the last interest that
 * was taken holds; the host says so and goes on. [source; before the first batch also main]
 *
 * What state has to know beside the rules is the source's business, and so is what becomes of events
 * that a rule may match without naming them, as one does that says nothing of evt.type.
 */
struct gyr_interest {
	uint32_t size;    /* bytes of this struct as the host knows it */
	uint32_t n_codes; /* a multiple of 64: codes of events and of system calls are below it */

	/* Sets of codes, bit code % 64 of word code / 64. Events for which some rule may be true, and
	 * those of them that a rule says it is about; then the same for system calls that have no
	 * event of their own, by their code in gyr/events.h (their events are 0 and 1). */
	const uint64_t *events, *named_events;
	const uint64_t *generic, *named_generic;

	/* By event: bit i is set when no rule is true for it unless the i-th condition is. */
	const uint8_t *needs;
};

GYR_EXPORT ss_plugin_rc gyr_source_interest(ss_plugin_t *s, ss_instance_t *h,
					    const struct gyr_interest *interest);

/* Optional with it: the conditions it wants to know about, at most 8, NULL at the end; each a field,
 * an operator and a constant as in rules: "evt.failed = false". */
GYR_EXPORT extern const char *const gyr_source_conditions[];

/*
 * Shards, optional for a source, both: how many instances may read @params side by side, at
 * least 1. The host makes one state for each and opens shard 0, 1 ... n - 1 with
 * gyr_source_open_shard in place of plugin_open, with any n from 1 to that number; together they
 * deliver what one instance would. Each runs on its own thread.
 */
GYR_EXPORT uint32_t gyr_source_shards(ss_plugin_t *s, const char *params); /* [main] */
GYR_EXPORT ss_instance_t *gyr_source_open_shard(ss_plugin_t *s, const char *params, uint32_t shard,
						uint32_t n, ss_plugin_rc *rc); /* [source] */

/*
 * Carrying, optional for a source without an ID whose events may be those of other plugins, as in a recording:
 * the IDs of the plugins that @params begins with, at most @cap of them; returns how many. It need not look at
 * all events. The host gets those plugins' rules and extractors ready; events of others still may come. [main]
 */
GYR_EXPORT uint32_t gyr_source_carries(ss_plugin_t *s, const char *params, uint32_t *ret_ids,
				       uint32_t cap);

#ifdef __cplusplus
}
#endif
