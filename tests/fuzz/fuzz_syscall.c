/*
 * syscall: any events through the state of system calls, which are then asked for every field.
 *
 * The input is a row of events: code (2 bytes), thread (1), number of parameters (1), number of bytes
 * (2), and these bytes, which are the lengths of the parameters and the parameters. So lengths and
 * numbers may lie as they like; the length of the event itself is right, as hosts check it.
 *
 * A second state gets the same events and takes every short way: those that nothing is asked about go
 * to it many at once, and those of the usual shape are read as such. Its answers have to be the same.
 * Nothing is asked about events whose number of parameters has the highest bit set.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gyr/plugin.h>

#include "accounts.h"
#include "state.h"

enum { EVENTS_MAX = 200, RECORD_HEAD = 6, UNASKED = 0x80 };

/* A state, and of the second one the events that wait for it. */
struct side {
	ss_plugin_t *state;
	ss_plugin_event *waiting[EVENTS_MAX];
	uint32_t n;
	uint64_t num; /* of the first */
};

#define FIELD(n, t, f, fn, r, d, text) {.name = (n), .type = (t), .flags = (f)},
#define FACT_OF_THREAD FIELD
#define FACT_OF_FILE FIELD
static const struct gyr_field fields[] = {
#include "fields.def"
};

static const char *const args[] = {"0", "1", "name", "fd", "res", "tuple", "PATH"};

static const char *no_error(ss_plugin_owner_t *o)
{
	(void)o;
	return "";
}

static void log_nothing(ss_plugin_owner_t *o, const char *component, const char *msg,
			ss_plugin_log_severity sev)
{
	(void)o;
	(void)component;
	(void)msg;
	(void)sev;
}

/* Of all answers: so that no look at one can be left out. */
uint64_t fuzz_syscall_sum;

/* Looks at every byte of an answer. */
static uint64_t look(const ss_plugin_extract_field *q)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < q->res_len; i++) {
		switch (q->ftype) {
		case GYR_STRING:
		case GYR_FSPATH:
		case GYR_FSRELPATH:
			sum += q->res.str[i] ? strlen(q->res.str[i]) : 0;
			break;
		case GYR_BYTES:
		case GYR_IPADDR:
		case GYR_IPNET:
			for (uint32_t k = 0; k < q->res.buf[i].len; k++)
				sum += ((const uint8_t *)q->res.buf[i].ptr)[k];
			break;
		case GYR_BOOL:
			sum += q->res.boolean[i];
			break;
		default:
			sum += q->res.u64[i];
		}
	}
	return sum;
}

static uint64_t ask(ss_plugin_t *p, const ss_plugin_event_input *evt, uint32_t i, const char *arg)
{
	ss_plugin_extract_field q = {
		.field_id = i,
		.field = fields[i].name,
		.arg_key = arg,
		.arg_index =
			arg && *arg >= '0' && *arg <= '9' ? (uint64_t)(*arg - '0') : UINT64_MAX,
		.arg_present = arg != NULL,
		.ftype = fields[i].type,
		.flist = (fields[i].flags & GYR_LIST) != 0,
	};
	const ss_plugin_field_extract_input in = {
		.get_owner_last_error = no_error, .num_fields = 1, .fields = &q};

	return plugin_extract_fields(p, evt, &in) == SS_PLUGIN_SUCCESS ? q.res_len + look(&q) : 0;
}

static void ask_both(const struct side *x, const ss_plugin_event_input *evt, uint32_t i,
		     const char *arg)
{
	const uint64_t one = ask(x[0].state, evt, i, arg), many = ask(x[1].state, evt, i, arg);

	if (one != many)
		abort();
	fuzz_syscall_sum += one;
}

static void ask_all(const struct side *x, const ss_plugin_event_input *evt)
{
	for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (fields[i].flags & GYR_SLOW) /* it would ask the network */
			continue;
		ask_both(x, evt, i, NULL);
		if (fields[i].flags & (GYR_ARG_KEY | GYR_ARG_INDEX))
			for (size_t k = 0; k < sizeof args / sizeof args[0]; k++)
				ask_both(x, evt, i, args[k]);
	}
}

/* Shows what waits. */
static void flush(struct side *x)
{
	const ss_plugin_event_parse_input in = {.get_owner_last_error = no_error};
	const ss_plugin_event_input evt = {
		.evt = x->waiting[0], .evtnum = x->num, .evtsrc = "syscall"};

	if (x->n && gyr_parse_events(x->state, &evt, x->waiting, x->n, &in) > x->n)
		abort();
	for (uint32_t i = 0; i < x->n; i++)
		free(x->waiting[i]);
	x->n = 0;
}

static void show(struct side *x, const uint8_t *record, size_t len, uint64_t num)
{
	ss_plugin_event head = {.ts = 1700000000000000000ULL + num * 1000,
				.tid = record[2],
				.len = (uint32_t)(sizeof head + len),
				.nparams = record[3] & ~UNASKED};
	uint8_t *bytes = malloc(sizeof head + len);
	const ss_plugin_event_input evt = {
		.evt = (ss_plugin_event *)(void *)bytes, .evtnum = num, .evtsrc = "syscall"};
	const ss_plugin_event_parse_input in = {.get_owner_last_error = no_error};

	if (!bytes)
		return;
	memcpy(&head.type, record, sizeof head.type);
	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + sizeof head, record + RECORD_HEAD, len);
	(void)plugin_parse_event(x[0].state, &evt, &in);
	if (record[3] & UNASKED && head.type != GYR_EVENT_PLUGIN && head.type != GYR_EVENT_ASYNC) {
		x[1].num = x[1].n ? x[1].num : num;
		x[1].waiting[x[1].n++] = (ss_plugin_event *)(void *)bytes;
		return;
	}
	flush(&x[1]);
	(void)plugin_parse_event(x[1].state, &evt, &in);
	ask_all(x, &evt);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const ss_plugin_init_input init = {
		.config = "{}", .get_owner_last_error = no_error, .log_fn = log_nothing};
	struct side x[2] = {0};
	ss_plugin_rc rc;

	for (int i = 0; i < 2; i++) {
		x[i].state = plugin_init(&init, &rc);
		if (rc != SS_PLUGIN_SUCCESS)
			abort();
	}
	for (int i = 0; i < 2;
	     i++) { /* else files of this machine were asked, and answered some time */
		struct state *s = gyr_state((struct gyr *)x[i].state);

		s->accounts = accounts_free(s->accounts);
	}
	for (unsigned code = 0; code < KINDS_MAX; code++)
		((struct state *)gyr_state((struct gyr *)x[0].state))->kinds[code].usual = NULL;
	for (uint64_t num = 1; num <= EVENTS_MAX && size >= RECORD_HEAD; num++) {
		size_t len = (size_t)data[4] | (size_t)data[5] << 8;

		if (len > size - RECORD_HEAD)
			len = size - RECORD_HEAD;
		show(x, data, len, num);
		data += RECORD_HEAD + len;
		size -= RECORD_HEAD + len;
	}
	flush(&x[1]);
	for (int i = 0; i < 2; i++)
		plugin_destroy(x[i].state);
	return 0;
}
