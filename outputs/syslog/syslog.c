/*
 * syslog: an output that sends alerts to the local syslog, or to a server.
 *
 * The severity is the rule's priority, the facility USER unless told. On a stream a message is
 * preceded by its length (octet counting, RFC 6587 and 5425), so that nothing in it can end it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gyr/plugin.h>

#include "address.h"
#include "link.h"
#include "message.h"

/* A batch on a stream is sent in pieces of about this size. */
enum { PIECE = 64 << 10, FRAME_MAX = 16, UDP_MAX = 2048, OTHER_MAX = 8192, LEAST_MAX = 480 };

struct syslog_state {
	uint64_t n_cut, n_connects;
};

struct syslog_output {
	const char *address, *format, *facility, *app_name, *hostname;
	const char *ca_cert, *client_cert, *client_key;
	bool structured_data, insecure;
	uint64_t max_bytes, timeout_ms;
	struct message_setup setup;
	struct link link;
	char *piece; /* bytes of PIECE and one message with its frame */
	size_t len;
};

static const char *const facilities[] = {
	"kern",   "user",     "mail",   "daemon", "auth",   "syslog",  "lpr",   "news",   "uucp",
	"cron",   "authpriv", "ftp",    "ntp",    "audit",  "console", "clock", "local0", "local1",
	"local2", "local3",   "local4", "local5", "local6", "local7",  NULL};

/* ---- sending ---- */

static int failed(struct gyr *p, struct syslog_output *o, int r)
{
	return gyr_fail(p, r, "send: '%s': %s", o->address, strerror(-r));
}

/* Adds a message with its frame to the piece; the frame is made room for before its size is known. */
static void add_message(struct gyr *p, struct syslog_output *o, const struct gyr_alert *a)
{
	struct syslog_state *state = gyr_state(p);
	const bool is_stream = link_is_stream(&o->link), is_local = o->setup.is_local;
	char *at = o->piece + o->len, head[FRAME_MAX];
	bool is_cut;
	size_t len =
		message_build(&o->setup, a, at + (is_stream && !is_local ? FRAME_MAX : 0), &is_cut);
	int n = 0;

	state->n_cut += is_cut;
	if (is_stream && is_local) {
		at[len++] = '\0';
	} else if (is_stream) {
		n = snprintf(head, sizeof head, "%zu ", len);
		memcpy(at, head, (size_t)n);
		memmove(at + n, at + FRAME_MAX, len);
	}
	o->len += (size_t)n + len;
}

/* One message a call; what was taken has left. */
static int send_messages(struct gyr *p, struct syslog_output *o,
			 const struct gyr_alert *const *alerts, uint32_t n, uint8_t *verdicts)
{
	const uint64_t until = link_clock_ms() + o->timeout_ms;

	for (uint32_t i = 0; i < n; i++) {
		o->len = 0;
		add_message(p, o, alerts[i]);
		const int r = link_send(&o->link, o->piece, o->len, until);
		if (r)
			return failed(p, o, r);
		verdicts[i] = GYR_ALERT_ACCEPTED;
	}
	return 0;
}

/* Many messages a call; all have arrived, or none is known to have. */
static int send_stream(struct gyr *p, struct syslog_output *o,
		       const struct gyr_alert *const *alerts, uint32_t n, uint8_t *verdicts)
{
	const uint64_t until = link_clock_ms() + o->timeout_ms;
	int r = 0;

	o->len = 0;
	for (uint32_t i = 0; i < n && r == 0; i++) {
		add_message(p, o, alerts[i]);
		if (o->len < PIECE && i + 1 < n)
			continue;
		r = link_send(&o->link, o->piece, o->len, until);
		o->len = 0;
	}
	if (r == 0)
		r = link_flush(&o->link, until);
	if (r)
		return failed(p, o, r);
	memset(verdicts, GYR_ALERT_ACCEPTED, n);
	return 0;
}

static int syslog_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		       uint8_t *verdicts)
{
	struct syslog_output *o = inst;
	struct syslog_state *state = gyr_state(p);
	const int r = link_ready(p, &o->link, link_clock_ms() + o->timeout_ms);

	state->n_connects = o->link.n_connects;
	if (r)
		return r;
	return link_is_stream(&o->link) ? send_stream(p, o, alerts, n, verdicts)
					: send_messages(p, o, alerts, n, verdicts);
}

/* ---- life ---- */

static unsigned facility_of(const char *name)
{
	unsigned i = 0;

	while (strcmp(facilities[i], name) != 0)
		i++;
	return i;
}

static enum message_body body_of(const char *format)
{
	if (strcmp(format, "json") == 0)
		return MESSAGE_JSON;
	return strcmp(format, "message") == 0 ? MESSAGE_BARE : MESSAGE_TEXT;
}

static int check_name(struct gyr *p, const char *key, const char *name)
{
	for (const char *c = name ? name : ""; *c; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return gyr_fail(p, -EINVAL, "open: '%s': want ASCII without blanks", key);
	return 0;
}

static int syslog_open(struct gyr *p, void *inst, const char *params)
{
	struct syslog_output *o = inst;
	struct tls_setup *tls = NULL;
	struct address to;
	const char *why;
	int r = address_parse(o->address, &to, &why);

	(void)params;
	if (r)
		return gyr_fail(p, r, "open: 'address': '%s': %s", o->address, why);
	r = check_name(p, "app_name", o->app_name);
	if (r == 0)
		r = check_name(p, "hostname", o->hostname);
	if (r)
		return r;
	if (o->max_bytes && o->max_bytes < LEAST_MAX)
		return gyr_fail(p, -EINVAL, "open: 'max_bytes': want %d to %d, or 0", LEAST_MAX,
				MESSAGE_MAX);
	if (to.transport == TRANSPORT_TLS) {
		tls = tls_setup_new(p, o->ca_cert, o->client_cert, o->client_key, o->insecure);
		if (!tls)
			return -EINVAL;
		if (o->insecure)
			gyr_log(p, GYR_WARN, "'%s': the server's certificate is not checked",
				o->address);
	}
	if (!o->max_bytes)
		o->max_bytes = to.transport == TRANSPORT_UDP ? UDP_MAX : OTHER_MAX;
	o->setup = (struct message_setup){.is_local = to.transport == TRANSPORT_LOCAL,
					  .has_data = o->structured_data,
					  .body = body_of(o->format),
					  .facility = facility_of(o->facility),
					  .pid = (long)getpid(),
					  .app_name = o->app_name,
					  .hostname = o->hostname,
					  .max = o->max_bytes};
	link_init(&o->link, &to, tls);
	o->piece = malloc(PIECE + o->max_bytes + FRAME_MAX + 1);
	if (o->piece)
		return 0;
	link_deinit(&o->link);
	return gyr_fail(p, -ENOMEM, "open: no memory");
}

static int syslog_reopen(struct gyr *p, void *inst)
{
	struct syslog_output *o = inst;

	(void)p;
	link_shut(&o->link);
	return 0;
}

static void syslog_close(struct gyr *p, void *inst)
{
	struct syslog_output *o = inst;
	const struct syslog_state *state = gyr_state(p);

	if (state->n_cut)
		gyr_log(p, GYR_WARN, "'%s': %llu messages were longer than %llu bytes and cut",
			o->address, (unsigned long long)state->n_cut,
			(unsigned long long)o->max_bytes);
	link_deinit(&o->link);
	free(o->piece);
}

static uint32_t syslog_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct syslog_state *state = gyr_state(p);
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"cut", state->n_cut}, {"connects", state->n_connects}};
	uint32_t n = 0;

	for (; n < sizeof rows / sizeof *rows && n < cap; n++)
		ret[n] = (ss_plugin_metric){.name = rows[n].name,
					    .type = SS_PLUGIN_METRIC_TYPE_MONOTONIC,
					    .value.u64 = rows[n].value,
					    .value_type = SS_PLUGIN_METRIC_VALUE_TYPE_U64};
	return n;
}

#define STR(name, def, help, ...) \
	GYR_OPT_STR(struct syslog_output, name, def, help __VA_OPT__(, ) __VA_ARGS__)

PLUGIN(.name = "syslog", .version = "0.1.0",
       .description = "Alerts to the local syslog, or RFC 5424 over UDP, TCP and TLS",
       .contact = "the Gyr authors", .state_size = sizeof(struct syslog_state),
       .metrics = syslog_metrics);
PLUGIN_OUTPUT(.instance_size = sizeof(struct syslog_output),
	      .params =
		      (const struct gyr_option[]){
			      STR(address, "/dev/log",
				  "a local socket, or udp://, tcp://, tls://host:port",
				  .bare = true),
			      STR(format, "text", "the text of a message: text, json or message",
				  .choice = (const char *const[]){"text", "json", "message", NULL}),
			      STR(facility, "user", "facility, as in syslog.conf",
				  .choice = facilities),
			      STR(app_name, "gyr", "name of the program in each message"),
			      STR(hostname, NULL, "name of the machine; the alert's by default"),
			      GYR_OPT_BOOL(
				      struct syslog_output, structured_data, "false",
				      "network: rule, priority, source and id as structured data"),
			      GYR_OPT_U64(struct syslog_output, max_bytes, "0",
					  "bytes of a message; 0: 2048 over UDP, 8192 otherwise",
					  .max = MESSAGE_MAX),
			      GYR_OPT_U64(struct syslog_output, timeout_ms, "5000",
					  "time to connect, and for a batch", .min = 1,
					  .max = 600000),
			      STR(ca_cert, NULL, "tls: file with the only authorities to trust"),
			      STR(client_cert, NULL, "tls: certificate of this client, PEM"),
			      STR(client_key, NULL, "tls: its key, PEM"),
			      GYR_OPT_BOOL(struct syslog_output, insecure, "false",
					   "tls: do not check the server's certificate"),
			      {0}},
	      .open = syslog_open, .send_batch = syslog_send, .close = syslog_close,
	      .reopen = syslog_reopen);
