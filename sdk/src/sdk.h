/*
 * sdk: what the files of the SDK share and a plugin never sees.
 *
 * Lifetime, threads: as struct gyr in plugin.h.
 */
#pragma once

#include <gyr/plugin.h>

/* --- text that grows (text.c) --- */

struct gyr_text {
	char *p; /* NULL while empty */
	size_t len, cap;
	bool is_cut;
	uint32_t n_rows; /* of list_open_params */
};

void gyr__text_reset(struct gyr_text *t);
void gyr__text_deinit(struct gyr_text *t);
/* The text, NUL-terminated; "" while empty. */
const char *gyr__text_get(const struct gyr_text *t);
/* Hands the text over to be freed by free(), and empties @t. "" becomes an allocated "". */
char *gyr__text_take(struct gyr_text *t);

/* --- memory that is dropped as a whole (scratch.c) --- */

struct gyr__chunk;

struct gyr__scratch {
	struct gyr__chunk *first, *cur;
	size_t total; /* handed out since the reset */
};

/* Aligned for anything. NULL: no memory, or the bound is reached. */
void *gyr__scratch_alloc(struct gyr__scratch *s, size_t size);
/* A NUL-terminated copy. */
char *gyr__scratch_dup(struct gyr__scratch *s, const char *text, size_t len);
/* Makes all of it free again, and one piece, so that the next round finds it in place. */
void gyr__scratch_reset(struct gyr__scratch *s);
void gyr__scratch_deinit(struct gyr__scratch *s);

/* --- the state (state.c) --- */

enum { GYR__METRICS_MAX = 1024 };

/* By what an event is recognised when it is asked about again. */
struct gyr__seen {
	const void *raw;
	uint64_t num, ts;
	uint32_t len;
};

struct gyr {
	const struct gyr_plugin *desc;
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log_fn;
	const ss_plugin_init_input *init_in; /* during init */
	char *config;
	void *mem;
	struct gyr__scratch owned; /* texts of options */
	struct gyr__scratch scratch;
	struct gyr_value *values;
	uint32_t n_values, n_fields;
	uint32_t shard, n_shards; /* during open */
	struct gyr__seen seen;    /* the event of the last extraction, */
	struct gyr_event event;   /* and the view of it */
	struct gyr_text line, open_params;
	ss_plugin_metric *metrics; /* GYR__METRICS_MAX of them, once asked for */
	/* While the host takes events: set before .start, cleared after .stop. */
	ss_plugin_async_event_handler_t push;
	ss_plugin_owner_t *push_owner;
	bool is_ready; /* init went well: destroy is due */
	char err[PLUGIN_MAX_ERRLEN];
};

/* --- events (event.c) --- */

/* What events of plugins and asynchronous ones have beside the head, which is filled. -EBADMSG. */
int gyr__event_decode_payload(struct gyr_event *e);

/* A view over the bytes. -EBADMSG when its lengths do not fit together. */
static inline int gyr__event_decode(const ss_plugin_event_input *in, struct gyr_event *ret)
{
	const ss_plugin_event *raw = in->evt;

	if (raw->len < sizeof *raw)
		return -EBADMSG;
	*ret = (struct gyr_event){
		.data = (const unsigned char *)(raw + 1),
		.len = raw->len - (uint32_t)sizeof *raw,
		.num = in->evtnum,
		.ts = raw->ts,
		.tid = raw->tid,
		.source = in->evtsrc,
		.type = raw->type,
		.raw = raw,
	};
	if (raw->type != GYR_EVENT_PLUGIN && raw->type != GYR_EVENT_ASYNC)
		return 0;
	return gyr__event_decode_payload(ret);
}

/* --- options (options.c, optionschema.c) --- */

/* A text of options, and where its values go. */
struct gyr__options {
	const struct gyr_option *rows; /* NULL: there are none, and nothing to do */
	const char *what;              /* what the text is, for errors */
	const char *text;
};

/* Defaults, then the text, into @target; texts live in @owned. Fails with gyr_fail. */
int gyr__options_read(struct gyr *p, const struct gyr__options *o, struct gyr__scratch *owned,
		      void *target);

/* Adds the JSON Schema of the rows. */
void gyr__options_schema(const struct gyr_option *rows, struct gyr_text *out);

const char *gyr__option_key(const struct gyr_option *row);
