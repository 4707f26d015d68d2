/*
 * plugin: how to write a source, an extractor or an output in about thirty lines.
 *
 * Say what you are with one macro each: PLUGIN once, then any of PLUGIN_SOURCE, PLUGIN_EXTRACTOR,
 * PLUGIN_PARSER, PLUGIN_ASYNC, PLUGIN_LISTENER, PLUGIN_OUTPUT, each once at most. A macro exports the symbols of abi.h for that
 * capability and nothing else; they call the static library behind this header, which calls you
 * with plain functions and structs. Members left out are zero, and zero is the default.
 *
 * What the library does for you: the bytes of events, batches, memory of values, JSON lists of
 * fields, JSON Schema and parsing of options, error texts, delivery of what is left before the end.
 *
 * Callbacks return 0, or a negative errno, best by `return gyr_fail(p, -EINVAL, "...")`, which
 * keeps the text for the host; a few have further answers (GYR_EOF ...), named there.
 *
 * Lifetime: `struct gyr` is one state of the plugin: from .init to .destroy. Its memory (gyr_state)
 * and that of an instance start zeroed.
 * Threads: as in abi.h. One state is used by one thread at a time; nothing here is global.
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gyr/abi.h>

struct gyr;       /* one state of the plugin */
struct gyr_batch; /* events on their way out of a source */
struct gyr_text;  /* text that grows */

#define GYR_NOW UINT64_MAX /* as a timestamp: the moment the host takes the event */

enum gyr_answer {
	GYR_EOF = 1,     /* source: no more events, ever */
	GYR_TIMEOUT = 2, /* source: none now */
	GYR_RETRY = 3,   /* output: not now, offer it again */
	GYR_REFUSED = 4, /* output: never */
	GYR_DONE = 5,    /* extractor .begin: ask no field; parser: has seen enough */
};

/* ---- the state ---- */

/* Memory of .state_size bytes. */
void *gyr_state(struct gyr *p);

/* Configuration text as given to init; never NULL. Valid until destroy. */
const char *gyr_config(const struct gyr *p);

/* What the host calls this state by; for the functions of abi.h. */
ss_plugin_owner_t *gyr_owner(const struct gyr *p);

/* During .init: what the host passed, tables included. NULL at any other time. */
const ss_plugin_init_input *gyr_init_input(const struct gyr *p);

/* The services of the host that only this router has; NULL in another one. */
const struct gyr_host *gyr_host(void);

/* Keeps the text of an error and returns @r. The text is cut at PLUGIN_MAX_ERRLEN. */
int gyr_fail(struct gyr *p, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The text kept last; "" at first. */
const char *gyr_error(const struct gyr *p);

enum gyr_level {
	GYR_ERROR = SS_PLUGIN_LOG_SEV_ERROR,
	GYR_WARN = SS_PLUGIN_LOG_SEV_WARNING,
	GYR_NOTICE = SS_PLUGIN_LOG_SEV_NOTICE,
	GYR_INFO = SS_PLUGIN_LOG_SEV_INFO,
	GYR_DEBUG = SS_PLUGIN_LOG_SEV_DEBUG,
};

/* A line in the host's log, at most 1 KiB. Any thread of the plugin. */
void gyr_log(struct gyr *p, enum gyr_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- options ---- */

/*
 * Rows that read a JSON object into a struct: the configuration into the state (PLUGIN .options),
 *or the parameters of open into the instance (.params). Each row gets its default first, so a
 *struct is always complete. The rows are the JSON Schema that the host checks and shows, too.
 *
 *	.options = (const struct gyr_option[]){
 *		GYR_OPT_U64(struct web, port, "8080", "port to listen on", .min = 1, .max = 65535),
 *		GYR_OPT_STR(struct web, cert, "/etc/cert.pem", "certificate", .key = "tls.cert"),
 *		{0}},
 *
 * The key is the name of the member, or .key; a dot in it is a member inside an object. Keys
 *without a row are an error. Text that is not a JSON object sets the first row that says .bare,
 *converted by its type (parameters such as "cloudtrail:/var/log/x").
 */
enum gyr_option_kind {
	GYR_OPTION_STR = 1, /* const char *, owned by the state; "" is a value too */
	GYR_OPTION_U64,     /* uint64_t */
	GYR_OPTION_BOOL,    /* bool */
	GYR_OPTION_STRS,    /* const char **, NULL-terminated; the default is one item, or NULL */
};

struct gyr_option {
	const char *name; /* NULL: the row is the end */
	enum gyr_option_kind kind;
	size_t offset;
	const char *def; /* default as text; NULL is 0, false, NULL or no items */
	const char *help;
	const char *key;           /* in place of the name */
	uint64_t min, max;         /* U64: bounds; max 0 is none */
	const char *const *choice; /* STR: the only values allowed, NULL-terminated */
	bool required;
	bool bare;
};

#define GYR_OPT_(k, s, m, d, h, ...)                                                              \
	{                                                                                         \
		.name = #m, .kind = k, .offset = offsetof(s, m), .def = d, .help = h, __VA_ARGS__ \
	}
#define GYR_OPT_STR(s, m, d, ...) GYR_OPT_(GYR_OPTION_STR, s, m, d, __VA_ARGS__, )
#define GYR_OPT_U64(s, m, d, ...) GYR_OPT_(GYR_OPTION_U64, s, m, d, __VA_ARGS__, )
#define GYR_OPT_BOOL(s, m, d, ...) GYR_OPT_(GYR_OPTION_BOOL, s, m, d, __VA_ARGS__, )
#define GYR_OPT_STRS(s, m, d, ...) GYR_OPT_(GYR_OPTION_STRS, s, m, d, __VA_ARGS__, )

/* Decimal text, all of it, to a number. -EINVAL, -ERANGE; *ret untouched then. NULL is -EINVAL. */
int gyr_parse_u64(const char *text, uint64_t *ret);

/* ---- the plugin ---- */

struct gyr_plugin {
	const char *name, *version, *description, *contact;
	size_t state_size;
	const struct gyr_option *options;
	const char *schema;         /* own JSON Schema of the configuration, in place of options */
	int (*init)(struct gyr *p); /* options are filled */
	void (*destroy)(struct gyr *p); /* after an .init that succeeded */
	/* Fills up to @cap rows, returns how many. Names must be constants. */
	uint32_t (*metrics)(struct gyr *p, ss_plugin_metric *ret, uint32_t cap);
	const char *event_schema; /* oldest schema of system call events understood; "3.0.0" */
};

/* ---- events ---- */

struct gyr_event {
	const void *data; /* payload of a plugin or async event; else all after the head */
	size_t len;
	const char *name; /* of an async event; else NULL */
	uint64_t num, ts, tid;
	const char *source;
	uint32_t plugin_id; /* 0 when the event carries none */
	uint16_t type;
	bool is_again; /* extractor: the same event as in the call before on this state */
	const ss_plugin_event *raw;
};

/* Copies a payload of exactly @size bytes. -EBADMSG when it has another size. */
int gyr_read(const struct gyr_event *evt, void *ret, size_t size);

/* ---- source ---- */

struct gyr_source {
	uint32_t id;      /* 0: emits events of the system call schema (gyr_emit_raw) */
	const char *name; /* of the event source; NULL goes with id 0 */
	size_t instance_size;
	const struct gyr_option *params; /* into the instance, before .open */
	/* A failing open cleans up after itself: .close follows a success only. */
	int (*open)(struct gyr *p, void *inst, const char *params);
	void (*close)(struct gyr *p, void *inst);
	/* Emits one event, or a few, and returns 0. GYR_EOF, GYR_TIMEOUT (block for 30 ms at most
	 * before), or a negative errno, which ends the source after what was emitted is delivered.
	 */
	int (*next)(struct gyr *p, void *inst, struct gyr_batch *out);
	/* Optional: a new batch begins; what the last one referred to may be let go. */
	void (*begin)(struct gyr *p, void *inst);
	/* Optional: share done, in hundredths of a percent; may add a text. */
	uint32_t (*progress)(struct gyr *p, void *inst, struct gyr_text *out);
	/* Optional: one line that shows an event. */
	int (*to_string)(struct gyr *p, const struct gyr_event *evt, struct gyr_text *out);
	/* Optional: worthwhile parameters, by gyr_open_param. */
	int (*list_params)(struct gyr *p, struct gyr_text *out);
};

/* During .open: which shard of how many this instance is; 0 of 1 without PLUGIN_SOURCE_SHARDS. */
void gyr_shard(const struct gyr *p, uint32_t *ret_shard, uint32_t *ret_n);

/* All gyr_emit*: -EMSGSIZE over 1 GiB, -ENOMEM; nothing is emitted then. */

/* Emits a copy of @len bytes. */
int gyr_emit(struct gyr_batch *b, uint64_t ts, const void *data, size_t len);

/* The same without the copy: room for up to @cap bytes, then the length that was used. Nothing else
 * may be emitted between the two. NULL when memory is short. */
void *gyr_emit_begin(struct gyr_batch *b, size_t cap);
int gyr_emit_end(struct gyr_batch *b, uint64_t ts, size_t len);

/* Emits a copy of a whole event, head and all (id 0 only). -EBADMSG when its length is wrong. */
int gyr_emit_raw(struct gyr_batch *b, const void *event, size_t len);

/* Emits an event in place. It must stay, writable, until .begin is called or the instance closes.
 */
int gyr_emit_ref(struct gyr_batch *b, ss_plugin_event *event);

/* The same for @n events at once. */
int gyr_emit_refs(struct gyr_batch *b, ss_plugin_event *const *events, uint32_t n);

/* Adds a row to the answer of .list_params; @desc may be NULL. */
void gyr_open_param(struct gyr_text *out, const char *value, const char *desc);

/* ---- extractor ---- */

/* Types of fields: the numbers of the event schema. The first seven are known to every host. */
enum gyr_type {
	GYR_U64 = 8,
	GYR_STRING = 9,
	GYR_RELTIME = 20,
	GYR_ABSTIME = 21,
	GYR_BOOL = 25,
	GYR_IPADDR = 40,
	GYR_IPNET = 41,
	GYR_I8 = 1,
	GYR_I16 = 2,
	GYR_I32 = 3,
	GYR_I64 = 4,
	GYR_U8 = 5,
	GYR_U16 = 6,
	GYR_U32 = 7,
	GYR_BYTES = 10,
	GYR_ERRNO = 11,
	GYR_SOCKADDR = 12,
	GYR_SOCKTUPLE = 13,
	GYR_FD = 14,
	GYR_PID = 15,
	GYR_FDLIST = 16,
	GYR_FSPATH = 17,
	GYR_SYSCALLID = 18,
	GYR_SIGTYPE = 19,
	GYR_PORT = 22,
	GYR_L4PROTO = 23,
	GYR_SOCKFAMILY = 24,
	GYR_IPV4ADDR = 26,
	GYR_DYN = 27,
	GYR_FLAGS8 = 28,
	GYR_FLAGS16 = 29,
	GYR_FLAGS32 = 30,
	GYR_UID = 31,
	GYR_GID = 32,
	GYR_DOUBLE = 33,
	GYR_SIGSET = 34,
	GYR_IPV4NET = 37,
	GYR_IPV6ADDR = 38,
	GYR_IPV6NET = 39,
	GYR_MODE = 42,
	GYR_FSRELPATH = 43,
	GYR_ENUMFLAGS8 = 44,
	GYR_ENUMFLAGS16 = 45,
	GYR_ENUMFLAGS32 = 46,
};

enum gyr_field_flag {
	GYR_LIST = 1 << 0,      /* any number of values: set each in turn */
	GYR_ARG_INDEX = 1 << 1, /* name[3] */
	GYR_ARG_KEY = 1 << 2,   /* name[key] */
	GYR_ARG_REQUIRED = 1 << 3,
	GYR_ARG_SUFFIX = 1 << 4, /* name.anything */
	GYR_NO_RHS = 1 << 5,     /* not on the right of an operator */
	GYR_NO_TRANSFORMER = 1 << 6,
	GYR_FILTER_ONLY = 1 << 7,
	GYR_HIDDEN = 1 << 8,        /* not listed */
	GYR_ADD_OUTPUT = 1 << 9,    /* suggested for the output of rules */
	GYR_ANY = 1 << 10,          /* several values, one of which must satisfy */
	GYR_NOT_ANY = 1 << 11,      /* the same, but != means none is equal */
	GYR_SLOW = 1 << 12,         /* may ask the system: asked last */
	GYR_VOLATILE = 1 << 13,     /* depends on earlier questions: never remembered */
	GYR_INFO_PROP = 1 << 14,    /* property "info" */
	GYR_PADDED = 1 << 16,       /* text shows the number with at least nine digits */
	GYR_HEX = 1 << 17,          /* text shows the number in hexadecimal */
	GYR_NUMERIC_STR = 1 << 18,  /* text that is a decimal number is one in JSON, too */
	GYR_ARG_PARAM = 1 << 19,    /* the suffix is the name of an event parameter */
	GYR_WITHIN = 1 << 22,       /* a distance: compared by "=" alone, which means at most */
	GYR_SHOWN_APART = 1 << 20,  /* asked for as GYR_DYN, a text, where it is shown */
	GYR_CONVERSATION = 1 << 15, /* property "conversation" */
	GYR_GONE = 1 << 23, /* a field once, as all that go on with a dot: rules are told so */
	GYR_ARG_COMPARED = 1 << 24, /* the argument is what = != in intersects compare with */
};

struct gyr_field;

/* One request, and where its answer goes. */
struct gyr_value {
	const struct gyr_field *field;
	const char *arg;    /* text of the argument; NULL when there is none */
	uint64_t arg_index; /* it as a number; UINT64_MAX when it is none */
	uint32_t index;     /* number of the request within this call */
	bool has_arg;
	struct gyr *p;
	ss_plugin_extract_field *req;
	uint32_t n, cap; /* the library's: values set, room for them */
	uint64_t slot[2];
};

struct gyr_field {
	const char *name; /* NULL: the row is the end */
	enum gyr_type type;
	uint32_t flags; /* enum gyr_field_flag */
	/* Sets the value, or nothing: absent. A negative errno is absent too, with a reason. */
	int (*extract)(struct gyr *p, const struct gyr_event *evt, struct gyr_value *out);
	const char *desc;
	const char *display;
	const char *role;       /* "event_type", "syscall_type", "event_num" */
	const char *deprecated; /* "use x.y"; of one that is gone, too */
	const void *data;       /* yours; see out->field->data */
	/* 1 to GYR_SCOPES - 1: it shows only what an entry of your state holds, and .entry of the
	 * extractor tells which; see gyr_extract_entry in abi.h. */
	uint32_t scope;
};

struct gyr_extractor {
	const char *const *sources; /* NULL-terminated; NULL: every source */
	const struct gyr_field *fields;
	const uint16_t *event_types; /* by GYR_TYPES; absent: the host's default */
	uint32_t n_event_types;
	/*
	 * Optional: called first in every call of the host, with all its requests, so that a
	 * document is read once for all of them. It may set values. GYR_DONE: no field is asked any
	 * more. A negative errno: all are absent.
	 */
	int (*begin)(struct gyr *p, const struct gyr_event *evt, struct gyr_value *reqs,
		     uint32_t n);
	/* Texts and bytes pointed to by answers, and scratch memory, stay as they are until the next
	 * event is parsed or asked about: the host need not copy them. */
	bool answers_last;
	/* Optional: the entry of the event in a scope, as gyr_extract_entry in abi.h. Asked so often
	 * that it gets the event as the host gives it; gyr_event_view() makes the view of it. */
	bool (*entry)(struct gyr *p, const ss_plugin_event_input *evt, uint32_t scope,
		      struct gyr_entry *ret_entry);
};

#define GYR_TYPES(...)                                  \
	.event_types = (const uint16_t[]){__VA_ARGS__}, \
	.n_event_types = sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t)

/*
 * Setters. A second call replaces the first, or appends when the field may have several values.
 * They return 0; -EINVAL for a setter that does not fit the field's type; -ENOMEM. The value is
 * absent then. Memory that is pointed to must stay until the next extraction on this state; with
 * .answers_last until the next event.
 */
int gyr_set_u64(struct gyr_value *v, uint64_t n); /* integers, times, ports, flags */
int gyr_set_i64(struct gyr_value *v, int64_t n);
int gyr_set_bool(struct gyr_value *v, bool b);
int gyr_set_double(struct gyr_value *v, double d);
int gyr_set_str(struct gyr_value *v, const char *text);              /* pointed to */
int gyr_set_strn(struct gyr_value *v, const char *text, size_t len); /* copied */
int gyr_set_fmt(struct gyr_value *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int gyr_set_ip(struct gyr_value *v, const void *addr, size_t len);    /* copied; 4 or 16 bytes */
int gyr_set_bytes(struct gyr_value *v, const void *data, size_t len); /* pointed to */

/* Memory for building values, aligned for anything, gone at the next extraction on this state; with
 * .answers_last at that about the next event. NULL over 64 MiB in that time. No malloc once warm. */
void *gyr_scratch(struct gyr *p, size_t size);

/* ---- parser ---- */

struct gyr_parser {
	const char *const *sources; /* NULL-terminated; NULL: every source */
	const uint16_t *event_types;
	uint32_t n_event_types;
	int (*parse)(struct gyr *p, const struct gyr_event *evt);
	/* In place of .parse, for those that write tables. */
	int (*parse_tables)(struct gyr *p, const struct gyr_event *evt,
			    const ss_plugin_event_parse_input *in);
	/* In place of both, for those that read the bytes of millions of events a second themselves. */
	int (*parse_input)(struct gyr *p, const ss_plugin_event_input *evt);
};

/* Events one after the other, the first of them number @num; nothing will be asked about them. */
struct gyr_events {
	ss_plugin_event *const *at;
	uint32_t n;
	uint64_t num;
};

/* The view of an event that .parse would get. -EBADMSG when its lengths do not fit together. */
int gyr_event_view(const ss_plugin_event_input *evt, struct gyr_event *ret);

/* ---- events of its own, from threads of its own ---- */

struct gyr_async {
	const char *const *sources; /* NULL-terminated; NULL: every source */
	const char *const *events;  /* names of the events it may push; NULL-terminated */
	/* From now until .stop returns gyr_push may be called, on any thread. Not called at all
	 * when a recording is read. A negative errno: the capture does not begin. */
	int (*start)(struct gyr *p);
	/* Ends its threads, and returns when they have ended. */
	void (*stop)(struct gyr *p);
};

struct gyr_async_event {
	const char *name;
	uint64_t ts;  /* may be GYR_NOW */
	uint64_t tid; /* UINT64_MAX: no thread */
	const void *data;
	size_t len;
};

/*
 * Pushes a copy of an asynchronous event. -EAGAIN: the host is not listening; -EINVAL: it refuses the
 * event (a name that is not in .events); -EMSGSIZE over 64 MiB; -ENOMEM. [any thread between .start
 * and the end of .stop]
 */
int gyr_push(struct gyr *p, const struct gyr_async_event *evt);

/* Where the events go that describe the state at the head of a recording; see PLUGIN_DUMP_STATE. */
struct gyr_dump {
	ss_plugin_owner_t *owner;
	ss_plugin_async_event_handler_t handler;
};

/* Adds a copy of @evt. -EINVAL: the host refuses it. */
int gyr_dump(struct gyr_dump *d, const ss_plugin_event *evt);

/* Adds an asynchronous event with a copy of @len bytes. As gyr_push(). */
int gyr_dump_async(struct gyr_dump *d, const char *name, uint64_t ts, const void *data, size_t len);

/* ---- beginning and end of a capture ---- */

struct gyr_listener {
	/* Everything that was there before the first event has been told: state tables are full. A
	 * negative errno: the capture does not begin. */
	int (*open)(struct gyr *p, const ss_plugin_capture_listen_input *in);
	int (*close)(struct gyr *p, const ss_plugin_capture_listen_input *in); /* optional */
};

/* ---- output ---- */

struct gyr_output {
	size_t instance_size;
	const struct gyr_option *params; /* into the instance, before .open */
	/* A failing open cleans up after itself: .close follows a success only. */
	int (*open)(struct gyr *p, void *inst, const char *params);
	void (*close)(struct gyr *p, void *inst);
	/* 0 accepted; GYR_REFUSED; GYR_RETRY or a negative errno: this alert and the rest of the
	 * batch are offered again later. */
	int (*send)(struct gyr *p, void *inst, const struct gyr_alert *alert);
	/* Optional, after the batch: pushes out what .send took. When it fails, all that was
	 * accepted in this batch is offered again: twice is better than never. */
	int (*flush)(struct gyr *p, void *inst);
	/* In place of .send: answers each alert itself (enum gyr_verdict; all are RETRY before). */
	int (*send_batch)(struct gyr *p, void *inst, const struct gyr_alert *const *alerts,
			  uint32_t n, uint8_t *verdicts);
	/* Optional: files were moved away, open them anew. */
	int (*reopen)(struct gyr *p, void *inst);
};

/* ---- text ---- */

/* Text grows up to 16 MiB; what does not fit is cut. Always NUL-terminated. */
void gyr_text_add(struct gyr_text *t, const char *text);
void gyr_text_addn(struct gyr_text *t, const char *text, size_t len);
void gyr_text_addf(struct gyr_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a JSON string, quotes included; bytes that are not UTF-8 become U+FFFD. */
void gyr_text_add_json(struct gyr_text *t, const char *text, size_t len);

/* What remains is not for plugin authors to read. */
#include <gyr/plugin_export.h>
