/*
 * fake: a plugin for tests of the host, written on the ABI itself so that it can break every rule.
 *
 * What it exports is decided by macros (tests/lib/CMakeLists.txt builds one library a variant); how
 * a source behaves is decided by its open parameters; what extraction does, by the configuration.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <gyr/abi.h>

#ifndef FAKE_API
#define FAKE_API "3.12.0"
#endif
#ifndef FAKE_NAME
#define FAKE_NAME "fake"
#endif
#ifndef FAKE_VERSION
#define FAKE_VERSION "1.2.3"
#endif
#ifndef FAKE_ID
#define FAKE_ID 900
#endif
#ifndef FAKE_SOURCE
#define FAKE_SOURCE "fake_events"
#endif
#ifndef FAKE_FIELDS
#define FAKE_FIELDS                                                                        \
	"[{\"name\":\"fake.num\",\"type\":\"uint64\",\"desc\":\"a number\"},"              \
	"{\"name\":\"fake.text\",\"type\":\"string\",\"desc\":\"a text\"},"                \
	"{\"name\":\"fake.list\",\"type\":\"string\",\"desc\":\"texts\",\"isList\":true}," \
	"{\"name\":\"fake.arg\",\"type\":\"string\",\"desc\":\"echo\","                    \
	"\"arg\":{\"isKey\":true,\"isRequired\":true}},"                                   \
	"{\"name\":\"fake.ip\",\"type\":\"ipaddr\",\"desc\":\"address\"},"                 \
	"{\"name\":\"fake.bad\",\"type\":\"string\",\"desc\":\"always fails\"},"           \
	"{\"name\":\"fake.port\",\"type\":\"uint64\",\"desc\":\"a port\","                 \
	"\"gyr\":{\"type\":\"port\",\"flags\":[\"any\"],\"deprecated\":\"use fake.num\"}}]"
#endif

enum { EVENTS_MAX = 16, EVENT_BYTES = 128 };

struct state {
	ss_plugin_owner_t *owner;
	ss_plugin_log_fn_t log;
	char config[128], error[128];
	int set_configs, n_calls;
	uint64_t u64[64], parsed;
	const char *str[64], *list[2];
	char text[64][64];
	ss_plugin_byte_buffer buf;
	ss_plugin_async_event_handler_t handler;
	ss_plugin_metric metrics[2];
};

struct instance {
	char params[64];
	int done;
	ss_plugin_event *ptrs[EVENTS_MAX];
	char bytes[EVENTS_MAX][EVENT_BYTES];
};

#ifndef FAKE_NO_API
const char *plugin_get_required_api_version(void)
{
	return FAKE_API;
}
#endif

#ifndef FAKE_NO_NAME
const char *plugin_get_name(void)
{
	return FAKE_NAME;
}
#endif

const char *plugin_get_version(void)
{
	return FAKE_VERSION;
}

const char *plugin_get_description(void)
{
	return "for tests";
}

const char *plugin_get_contact(void)
{
	return "nobody";
}

const char *plugin_get_last_error(ss_plugin_t *s)
{
	return ((struct state *)s)->error;
}

const char *plugin_get_init_schema(ss_plugin_schema_type *type)
{
	*type = SS_PLUGIN_SCHEMA_JSON;
	return "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[],"
	       "\"properties\":{\"mode\":{\"enum\":[\"ok\",\"fail\",\"number\"]},"
	       "\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}}}";
}

ss_plugin_t *plugin_init(const ss_plugin_init_input *in, ss_plugin_rc *rc)
{
	struct state *s = calloc(1, sizeof *s);

	if (!s) {
		*rc = SS_PLUGIN_FAILURE;
		return NULL;
	}
	s->owner = in->owner;
	s->log = in->log_fn;
	(void)snprintf(s->config, sizeof s->config, "%s", in->config);
	*rc = strstr(in->config, "fail") ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
	(void)snprintf(s->error, sizeof s->error, "told to fail");
	return s;
}

void plugin_destroy(ss_plugin_t *s)
{
	free(s);
}

ss_plugin_rc plugin_set_config(ss_plugin_t *p, const ss_plugin_set_config_input *in)
{
	struct state *s = p;

	if (strstr(in->config, "fail")) {
		(void)snprintf(s->error, sizeof s->error, "will not");
		return SS_PLUGIN_FAILURE;
	}
	s->set_configs++;
	return SS_PLUGIN_SUCCESS;
}

ss_plugin_metric *plugin_get_metrics(ss_plugin_t *p, uint32_t *n)
{
	struct state *s = p;

	s->metrics[0] = (ss_plugin_metric){
		.name = "calls",
		.type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
		.value.i = s->set_configs,
		.value_type = SS_PLUGIN_METRIC_VALUE_TYPE_I,
	};
	s->metrics[1] = (ss_plugin_metric){
		.name = "load",
		.type = SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC,
		.value.f = 0.5F,
		.value_type = SS_PLUGIN_METRIC_VALUE_TYPE_F,
	};
	*n = 2;
	return s->metrics;
}

#ifndef FAKE_NO_SOURCE
uint32_t plugin_get_id(void)
{
	return FAKE_ID;
}

const char *plugin_get_event_source(void)
{
	return FAKE_SOURCE;
}

ss_instance_t *plugin_open(ss_plugin_t *p, const char *params, ss_plugin_rc *rc)
{
	struct instance *h = calloc(1, sizeof *h);

	*rc = h && strcmp(params, "refuse") != 0 ? SS_PLUGIN_SUCCESS : SS_PLUGIN_FAILURE;
	if (!h)
		return NULL;
	(void)snprintf(((struct state *)p)->error, sizeof((struct state *)p)->error, "no '%s'",
		       params);
	(void)snprintf(h->params, sizeof h->params, "%s", params);
	return h;
}

#ifndef FAKE_NO_CLOSE
void plugin_close(ss_plugin_t *p, ss_instance_t *h)
{
	(void)p;
	free(h);
}
#endif

static ss_plugin_event *event(struct instance *h, uint32_t i, uint32_t id, const char *data)
{
	ss_plugin_event e = {
		.ts = 1000 + i,
		.tid = 7,
		.type = GYR_EVENT_PLUGIN,
		.nparams = 2,
	};
	uint32_t lens[3] = {4, (uint32_t)strlen(data), id};

	e.len = PLUGIN_EVENT_PAYLOAD_OFFSET + lens[1];
	memcpy(h->bytes[i], &e, sizeof e);
	memcpy(h->bytes[i] + sizeof e, lens, sizeof lens);
	memcpy(h->bytes[i] + PLUGIN_EVENT_PAYLOAD_OFFSET, data, lens[1]);
	h->ptrs[i] = (ss_plugin_event *)h->bytes[i];
	return h->ptrs[i];
}

/* Three events of system calls: closes by a thread. */
static void calls(struct instance *h)
{
	for (uint32_t i = 0; i < 3; i++) {
		ss_plugin_event *e = event(h, i, 0, "");

		e->type = 5;
		e->nparams = 0;
	}
	if (strcmp(h->params, "calls other") == 0)
		h->ptrs[1]->type = 7;
	if (strcmp(h->params, "calls late") == 0)
		h->ptrs[2]->ts = UINT64_MAX;
	if (strcmp(h->params, "calls short") == 0)
		h->ptrs[1]->nparams = 1000;
	if (strcmp(h->params, "calls null") == 0)
		h->ptrs[2] = NULL;
}

static ss_plugin_rc misbehave(struct instance *h, uint32_t *n)
{
	const char *p = h->params;

	*n = strcmp(p, "empty") == 0 ? 0 : 3;
	for (uint32_t i = 0; i < 3; i++)
		(void)event(h, i, 0, "hello");
	if (strncmp(p, "calls", 5) == 0)
		calls(h);
	if (strcmp(p, "foreign") == 0)
		(void)event(h, 1, 12345, "hello");
	if (strcmp(p, "code") == 0)
		h->ptrs[1]->type = 1;
	if (strcmp(p, "long") == 0)
		(void)event(h, 1, 0, "0123456789012345678901234567890123456789");
	if (strcmp(p, "short") == 0)
		h->ptrs[1]->len -= 2;
	if (strcmp(p, "null") == 0)
		h->ptrs[1] = NULL;
	if (strcmp(p, "now") == 0)
		h->ptrs[1]->ts = UINT64_MAX;
	if (strcmp(p, "eof") == 0)
		return SS_PLUGIN_EOF;
	if (strcmp(p, "broken") == 0)
		return SS_PLUGIN_FAILURE;
	return SS_PLUGIN_SUCCESS;
}

ss_plugin_rc plugin_next_batch(ss_plugin_t *p, ss_instance_t *i, uint32_t *n,
			       ss_plugin_event ***evts)
{
	struct instance *h = i;

	(void)snprintf(((struct state *)p)->error, sizeof((struct state *)p)->error,
		       "told to break");
	*n = 0;
	*evts = h->ptrs;
	if (strcmp(h->params, "timeout") == 0 && h->done++ == 0)
		return SS_PLUGIN_TIMEOUT;
	if (h->done++)
		return SS_PLUGIN_EOF;
	return misbehave(h, n);
}

const char *plugin_get_progress(ss_plugin_t *p, ss_instance_t *i, uint32_t *pct)
{
	(void)p;
	(void)i;
	*pct = 20000;
	return NULL;
}
#endif

#ifdef FAKE_TO_STRING
const char *plugin_event_to_string(ss_plugin_t *p, const ss_plugin_event_input *in)
{
	(void)p;
	(void)in;
	return "an event";
}
#endif

#ifndef FAKE_NO_GET_FIELDS
const char *plugin_get_fields(void)
{
	return FAKE_FIELDS;
}
#endif

#ifndef FAKE_NO_EXTRACT
static int answer(struct state *s, uint32_t k, ss_plugin_extract_field *q)
{
	static const uint8_t ip[4] = {10, 0, 0, 1};

	q->res_len = 1;
	switch (q->field_id) {
	case 0:
	case 6:
		s->u64[k] = 42;
		q->res.u64 = &s->u64[k];
		return 0;
	case 1:
	case 3:
		(void)snprintf(s->text[k], sizeof s->text[k], "call %d %s", s->n_calls,
			       q->arg_key ? q->arg_key : "");
		s->str[k] = s->text[k];
		q->res.str = &s->str[k];
		return 0;
	case 2:
		s->list[0] = "a";
		s->list[1] = "b";
		q->res.str = s->list;
		q->res_len = 2;
		return 0;
	case 4:
		s->buf = (ss_plugin_byte_buffer){.len = sizeof ip, .ptr = ip};
		q->res.buf = &s->buf;
		return 0;
	default:
		return -1;
	}
}

ss_plugin_rc plugin_extract_fields(ss_plugin_t *p, const ss_plugin_event_input *evt,
				   const ss_plugin_field_extract_input *in)
{
	struct state *s = p;

	(void)evt;
	s->n_calls++;
	for (uint32_t i = 0; i < in->num_fields; i++)
		if (answer(s, i, &in->fields[i]))
			return SS_PLUGIN_FAILURE;
	return SS_PLUGIN_SUCCESS;
}
#endif

#ifdef FAKE_BATCHED
const uint32_t gyr_batched = 1;
#endif

#ifdef FAKE_PARSER
ss_plugin_rc plugin_parse_event(ss_plugin_t *p, const ss_plugin_event_input *evt,
				const ss_plugin_event_parse_input *in)
{
	(void)in;
	((struct state *)p)->parsed = evt->evtnum;
	if (evt->evtnum == 3)
		return SS_PLUGIN_EOF; /* has seen enough */
	return evt->evtnum == 2 ? SS_PLUGIN_FAILURE : SS_PLUGIN_SUCCESS;
}
#endif

#ifdef FAKE_MANY
/* Every second event fails. */
uint32_t gyr_parse_events(ss_plugin_t *p, const ss_plugin_event_input *evt,
			  ss_plugin_event *const *evts, uint32_t n,
			  const ss_plugin_event_parse_input *in)
{
	(void)in;
	((struct state *)p)->parsed = evt->evtnum + n - 1;
	return evt->evt == evts[0] ? n / 2 : n;
}
#endif

#if defined FAKE_ASYNC || defined FAKE_ASYNC_HALF
ss_plugin_rc plugin_set_async_event_handler(ss_plugin_t *p, ss_plugin_owner_t *o,
					    const ss_plugin_async_event_handler_t fn)
{
	(void)o;
	((struct state *)p)->handler = fn;
	return SS_PLUGIN_SUCCESS;
}
#endif

#ifdef FAKE_ASYNC
const char *plugin_get_async_events(void)
{
	return "[\"tock\"]";
}
#endif

#ifdef FAKE_LISTENER
/* One routine that runs ten turns by itself, and its start and end counted in the metrics. */
static ss_plugin_bool ten_turns(ss_plugin_t *p, ss_plugin_routine_state_t *turns)
{
	(void)p;
	return __atomic_add_fetch((int *)turns, 1, __ATOMIC_SEQ_CST) < 10;
}

ss_plugin_rc plugin_capture_open(ss_plugin_t *p, const ss_plugin_capture_listen_input *in)
{
	struct state *s = p;

	if (strstr(s->config, "number")) {
		(void)snprintf(s->error, sizeof s->error, "will not listen");
		return SS_PLUGIN_FAILURE;
	}
	return in->routine->subscribe(in->owner, ten_turns, &s->set_configs) ? SS_PLUGIN_SUCCESS
									     : SS_PLUGIN_FAILURE;
}

ss_plugin_rc plugin_capture_close(ss_plugin_t *p, const ss_plugin_capture_listen_input *in)
{
	(void)p;
	(void)in;
	return SS_PLUGIN_SUCCESS;
}
#endif

#ifdef FAKE_OUTPUT_HALF
ss_plugin_rc gyr_output_send(ss_plugin_t *s, void *inst, const struct gyr_alert *const *alerts,
			     uint32_t n, uint8_t *verdicts)
{
	(void)s;
	(void)inst;
	(void)alerts;
	(void)n;
	(void)verdicts;
	return SS_PLUGIN_SUCCESS;
}
#endif
