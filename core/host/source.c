/*
 * source: pull, check, hand out.
 *
 * An event is checked when it is handed out, so that its bytes are touched once, when they are
 * about to be used. What breaks a rule of the plugin API (a foreign ID, the wrong code) ends the
 * source, as nothing it says can be trusted; what is merely too long or ill-formed is skipped and
 * counted.
 */
#include "host/source.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "host/check.h"
#include "host/eventtext.h"
#include "host/record.h"
#include "host/symbols.h"
#include "util/mem.h"

enum { DEFAULT_CAP_BYTES = 64 << 20 };

struct source {
	struct instance *instance;
	ss_instance_t *handle;
	const char *name;
	struct async *async;          /* NULL: none */
	const atomic_uint *n_waiting; /* of its events; never NULL */
	bool is_plugin;               /* one with an ID: its events are of code 322 */
	const struct source_carried *carried;
	uint32_t n_carried;
	uint32_t cap_bytes;
	ss_plugin_event **events; /* the batch in hand */
	uint32_t n, next;
	ss_plugin_rc pending; /* what came with the batch, to be said after it */
	bool is_stamped;      /* the next event had no time of its own */
	uint64_t num;         /* of the last event given */
	int end;              /* what every further pull answers; 0: not ended */
	struct err why;       /* of an end that is an error */
	struct source_counters counters;
};

/* What waits of asynchronous events where there are none. */
static const atomic_uint nothing;

static const plugin_api *api(const struct source *s)
{
	return &s->instance->module->symbols->api;
}

static int fail_open(struct instance *inst, struct err *err)
{
	const char *why = instance_last_error(inst);

	err_set(err, 0, 0, "plugin '%s': open failed: %s", inst->owner.name,
		*why ? why : "it gave no reason");
	return -EIO;
}

int source_open(struct instance *inst, const struct source_setup *setup, struct source **ret_source,
		struct err *err)
{
	const struct module *m = inst->module;
	const char *params = setup->params ? setup->params : "";
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	struct source *s;

	if (!(m->caps & MODULE_SOURCING)) {
		err_set(err, 0, 0, "plugin '%s' is no source", inst->owner.name);
		return -EINVAL;
	}
	s = mem_new(sizeof *s);
	if (!s)
		return -ENOMEM;
	s->instance = inst;
	s->name = m->source_cstr ? m->source_cstr : setup->name ? setup->name : "syscall";
	s->async = setup->async;
	s->n_waiting = s->async ? async_waiting(s->async) : &nothing;
	s->is_plugin = m->id != 0;
	s->carried = setup->carried;
	s->n_carried = s->is_plugin ? 0 : setup->n_carried;
	s->cap_bytes = setup->event_cap_bytes ? setup->event_cap_bytes : DEFAULT_CAP_BYTES;
	if (setup->n_shards > 1 && m->symbols->source_open_shard)
		s->handle = m->symbols->source_open_shard(inst->state, params, setup->shard,
							  setup->n_shards, &rc);
	else
		s->handle = api(s)->open(inst->state, params, &rc);
	if (rc == SS_PLUGIN_SUCCESS) {
		*ret_source = s;
		return 0;
	}
	(void)fail_open(inst, err);
	source_close(s);
	return -EIO;
}

struct source *source_close(struct source *s)
{
	if (!s)
		return NULL;
	api(s)->close(s->instance->state, s->handle);
	return mem_free(s);
}

static int end_with(struct source *s, int r, struct err *err)
{
	s->end = r;
	if (s->why.is_set)
		*err = s->why;
	return r;
}

/* What a return code means once its events are delivered. */
static int settle(struct source *s, ss_plugin_rc rc, struct err *err)
{
	const char *why;

	switch (rc) {
	case SS_PLUGIN_SUCCESS:
		return 0;
	case SS_PLUGIN_TIMEOUT:
		return SOURCE_E_TIMEOUT;
	case SS_PLUGIN_EOF:
		return end_with(s, SOURCE_E_EOF, err);
	default:
		why = instance_last_error(s->instance);
		err_set(&s->why, 0, 0, "plugin '%s': reading events: %s", s->instance->owner.name,
			*why ? why : "it gave no reason");
		return end_with(s, -EIO, err);
	}
}

static int broke(struct source *s, const char *what, struct err *err)
{
	err_set(&s->why, 0, 0, "plugin '%s': next_batch: %s", s->instance->owner.name, what);
	return end_with(s, -EPROTO, err);
}

int source_pull(struct source *s, struct err *err)
{
	ss_plugin_rc rc = s->pending;
	uint32_t n = 0;

	s->n = s->next = 0;
	s->pending = SS_PLUGIN_SUCCESS;
	if (s->end)
		return end_with(s, s->end, err);
	if (rc != SS_PLUGIN_SUCCESS)
		return settle(s, rc, err);
	rc = api(s)->next_batch(s->instance->state, s->handle, &n, &s->events);
	if (n && !s->events)
		return broke(s, "it gave no events but says how many", err);
	if (!n)
		return rc == SS_PLUGIN_SUCCESS ? broke(s, "success with 0 size", err)
					       : settle(s, rc, err);
	s->n = n;
	s->pending = rc;
	s->counters.n_batches++;
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* A rule of the plugin API about plugin IDs that @raw breaks; NULL when it keeps them. Stamps the
 * plugin's ID where none is. */
static const char *check_owner(const struct source *s, ss_plugin_event *raw)
{
	uint32_t own = s->instance->module->id, id;

	if (own && raw->type != GYR_EVENT_PLUGIN)
		return "an event is not of code 322";
	if (raw->type != GYR_EVENT_PLUGIN)
		return NULL;
	raw->tid = UINT64_MAX;
	id = eventtext_plugin_id(raw);
	if (id == 0 && own) {
		memcpy((char *)raw + PLUGIN_EVENT_PAYLOAD_OFFSET - 4, &own, sizeof own);
		return NULL;
	}
	if (id == 0)
		return "an event has the plugin ID 0";
	return own && id != own ? "an event has the ID of another plugin" : NULL;
}

/* Whether @raw can be used. What cannot is counted, with the number that it takes: what comes after
 * it keeps its own. *ret_record: what record_open() said. */
static bool is_usable(struct source *s, ss_plugin_event **raw, int *ret_record)
{
	if (!*raw || (*raw)->len < sizeof **raw || !check_event(*raw)) {
		s->counters.n_malformed++;
	} else if ((*raw)->len > s->cap_bytes) {
		s->counters.n_too_large++;
	} else {
		*ret_record = s->is_plugin ? 0 : record_open(*raw, raw);
		if (*ret_record >= 0)
			return true;
		s->counters.n_malformed++;
	}
	s->num++;
	return false;
}

/* The next usable event of the batch, without taking it; NULL at its end. */
static ss_plugin_event *peek(struct source *s, int *ret_record)
{
	struct err ignored;
	const char *broken;

	for (; s->next < s->n; s->next++) {
		ss_plugin_event *raw = s->events[s->next];

		if (!is_usable(s, &raw, ret_record))
			continue;
		broken = check_owner(s, raw);
		if (broken) {
			(void)broke(s, broken, &ignored);
			s->n = s->next;
			return NULL;
		}
		if (raw->ts == UINT64_MAX) {
			raw->ts = now_ns();
			s->is_stamped = true;
		}
		return raw;
	}
	return NULL;
}

/* Most events of system calls: there is nothing to say about them, nor to do. */
static inline bool is_plain(const struct source *s, const ss_plugin_event *raw)
{
	return !s->is_plugin && raw->type != GYR_EVENT_PLUGIN && raw->type != GYR_EVENT_ASYNC &&
	       raw->len <= s->cap_bytes && raw->ts != UINT64_MAX && check_head(raw);
}

/* Says whose event it is: that of the source, or of the plugin whose ID it carries. */
static void tell_owner(struct source *s, struct event *evt)
{
	const bool has_id = evt->type == GYR_EVENT_PLUGIN || evt->type == GYR_EVENT_ASYNC;
	const uint32_t id = !s->is_plugin && has_id ? eventtext_plugin_id(evt->raw) : 0;

	evt->source = s->name;
	if (!id)
		return;
	for (uint32_t i = 0; i < s->n_carried; i++)
		if (s->carried[i].id == id) {
			evt->source = s->carried[i].source;
			evt->track = i + 1;
			return;
		}
	evt->source = NULL;
	s->counters.n_strange++;
}

static __attribute__((noinline)) bool next_checked(struct source *s, struct event *ret_evt)
{
	int record = 0;
	const ss_plugin_event *raw = peek(s, &record), *pushed = NULL;

	if (atomic_load_explicit(s->n_waiting, memory_order_relaxed))
		pushed = async_take(s->async, raw ? raw->ts : UINT64_MAX);
	if (!raw && !pushed)
		return false;
	if (!pushed) {
		s->next++;
		s->num += record != RECORD_E_STATE;
	}
	raw = pushed ? pushed : raw;
	*ret_evt = (struct event){
		.raw = raw,
		.num = s->num,
		.ts = raw->ts,
		.type = raw->type,
		.is_stamped = !pushed && s->is_stamped,
		.is_hidden = !pushed && record,
	};
	tell_owner(s, ret_evt);
	if (!pushed)
		s->is_stamped = false;
	s->counters.n_events += record != RECORD_E_STATE || pushed;
	s->counters.n_bytes += raw->len;
	return true;
}

bool source_next(struct source *s, struct event *ret_evt)
{
	ss_plugin_event *raw = s->next < s->n ? s->events[s->next] : NULL;

	if (!raw || !is_plain(s, raw) || atomic_load_explicit(s->n_waiting, memory_order_relaxed))
		return next_checked(s, ret_evt);
	s->next++;
	*ret_evt = (struct event){
		.raw = raw,
		.num = ++s->num,
		.ts = raw->ts,
		.type = raw->type,
		.source = s->name,
	};
	s->counters.n_events++;
	s->counters.n_bytes += raw->len;
	return true;
}

uint32_t source_stretch(struct source *s, const bool *types, uint64_t until,
			struct source_stretch *ret)
{
	uint64_t n_bytes = 0;
	uint32_t at = s->next;

	if (s->is_plugin || atomic_load_explicit(s->n_waiting, memory_order_relaxed))
		return 0;
	until -= until == UINT64_MAX; /* that is no time */
	for (; at < s->n; at++) {
		const ss_plugin_event *raw = s->events[at];

		if (!raw || raw->type >= EVENT_CODES || !types[raw->type] || raw->ts > until ||
		    raw->len > s->cap_bytes || !check_head(raw))
			break;
		n_bytes += raw->len;
	}
	*ret = (struct source_stretch){.events = s->events + s->next,
				       .n = at - s->next,
				       .num = s->num + 1,
				       .source = s->name};
	s->next = at;
	s->num += ret->n;
	s->counters.n_events += ret->n;
	s->counters.n_bytes += n_bytes;
	return ret->n;
}

bool source_progress(struct source *s, uint32_t *ret_hundredths, const char **ret_text)
{
	uint32_t pct = 0;
	const char *text;

	if (!api(s)->get_progress)
		return false;
	text = api(s)->get_progress(s->instance->state, s->handle, &pct);
	*ret_hundredths = pct > 10000 ? 10000 : pct;
	*ret_text = text ? text : "";
	return pct || text; /* sources that have no end have the function, too */
}

void source_print(struct source *s, const struct event *evt, struct buf *out)
{
	const ss_plugin_event_input in = {
		.evt = evt->raw,
		.evtnum = evt->num,
		.evtsrc = evt->source,
	};
	char line[128];

	buf_add_cstr(out, eventtext_get(s->instance, &in, line, sizeof line));
}

uint64_t source_num(const struct source *s)
{
	return s->num;
}

bool source_commits(const struct source *s)
{
	return s->instance->module->symbols->source_commit != NULL;
}

void source_commit(const struct source *s, uint64_t num)
{
	if (s->instance->module->symbols->source_commit)
		s->instance->module->symbols->source_commit(s->instance->state, s->handle, num);
}

int source_interest(struct source *s, const struct gyr_interest *interest, struct err *err)
{
	const struct module *m = s->instance->module;
	const char *why;

	if (!m->symbols->source_interest || m->id)
		return 1;
	if (m->symbols->source_interest(s->instance->state, s->handle, interest) ==
	    SS_PLUGIN_SUCCESS)
		return 0;
	why = instance_last_error(s->instance);
	err_set(err, 0, 0, "plugin '%s': %s", s->instance->owner.name,
		*why ? why : "it gave no reason");
	return -EIO;
}

uint32_t source_shards(struct instance *inst, const char *params)
{
	const struct module_symbols *sym = inst->module->symbols;
	uint32_t n = sym->source_shards ? sym->source_shards(inst->state, params ? params : "") : 1;

	return n ? n : 1;
}

bool source_can_carry(const struct module *m)
{
	return m->id == 0 && m->symbols->source_carries;
}

uint32_t source_carries(struct instance *inst, const char *params, uint32_t *ret_ids, uint32_t cap)
{
	const uint32_t n = inst->module->symbols->source_carries(inst->state, params ? params : "",
								 ret_ids, cap);

	return n < cap ? n : cap;
}

void source_count(const struct source *s, struct source_counters *ret_counters)
{
	*ret_counters = s->counters;
}
