/*
 * http: an output that posts alerts, and believes an answer only.
 *
 *	status                         verdict
 *	2xx                            accepted (a bulk answer: each as it says)
 *	none, 408, 425, 429, 5xx       again, not before Retry-After
 *	400, 413, 422 to several       halves are sent, so that one bad alert takes no other along
 *	anything else                  refused, with the reason
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <gyr/plugin.h>

#include "bulk.h"
#include "options.h"
#include "preset.h"
#include "transfer.h"

enum { BATCH_MAX = 4096, SHOWN_MAX = 160, DEAD_PAUSE_MS = 30000 };

struct http {
	struct http_options o;
	const struct preset *preset;
	struct preset_setup setup;
	struct transfer transfer;
	struct body body, zipped;
	struct reply reply;
	uint64_t not_before_ms, n_timeouts;
};

static uint64_t clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The start of an answer, fit for a log. */
static void show_answer(const struct http *h, char *out)
{
	const size_t len = h->reply.body.len < SHOWN_MAX ? h->reply.body.len : SHOWN_MAX;

	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)h->reply.body.p[i];

		out[i] = isprint(c) ? (char)c : '.';
	}
	out[len] = '\0';
}

static int build(struct gyr *p, struct http *h, const struct gyr_alert *const *alerts, uint32_t n)
{
	preset_build(h->preset, &h->setup, &h->body, alerts, n);
	if (h->body.failed)
		return gyr_fail(p, -E2BIG, "send: the request is larger than %d bytes", BODY_MAX);
	if (h->o.compress_uploads && body_gzip(&h->body, &h->zipped))
		return gyr_fail(p, -ENOMEM, "send: no memory");
	return 0;
}

static void answer_all(uint8_t *verdicts, uint32_t n, uint8_t verdict)
{
	memset(verdicts, verdict, n);
}

/* No answer: a destination that was silent too often is left alone for a while. */
static int no_answer(struct gyr *p, struct http *h)
{
	h->n_timeouts = h->reply.is_timeout ? h->n_timeouts + 1 : 0;
	if (h->o.max_consecutive_timeouts && h->n_timeouts >= h->o.max_consecutive_timeouts)
		h->not_before_ms = clock_ms() + DEAD_PAUSE_MS;
	return gyr_fail(p, GYR_RETRY, "send: '%s': %s", h->transfer.shown, h->transfer.why);
}

static bool is_status_again(long status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

static bool is_status_of_content(long status)
{
	return status == 400 || status == 413 || status == 422;
}

static int status_again(struct gyr *p, struct http *h)
{
	char shown[SHOWN_MAX + 1];

	if (h->reply.retry_after_s)
		h->not_before_ms = clock_ms() + h->reply.retry_after_s * 1000;
	show_answer(h, shown);
	return gyr_fail(p, GYR_RETRY, "send: '%s': status %ld: %s", h->transfer.shown,
			h->reply.status, shown);
}

static int status_refused(struct gyr *p, struct http *h)
{
	char shown[SHOWN_MAX + 1];

	show_answer(h, shown);
	return gyr_fail(p, GYR_REFUSED, "send: '%s': status %ld%s: %s", h->transfer.shown,
			h->reply.status,
			h->reply.status / 100 == 3 ? " (redirects are not followed)" : "", shown);
}

/* 409: the document is there already, from an earlier try. */
static int judge_each(struct gyr *p, struct http *h, uint32_t n, uint8_t *verdicts)
{
	uint16_t statuses[BATCH_MAX];
	unsigned bad = 0;
	int r = 0;

	if (h->reply.is_cut || bulk_read(h->reply.body.p, h->reply.body.len, statuses, n))
		return gyr_fail(p, GYR_RETRY, "send: '%s': the answer is not one to a bulk request",
				h->transfer.shown);
	for (uint32_t i = 0; i < n; i++) {
		if (statuses[i] / 100 == 2 || statuses[i] == 409) {
			verdicts[i] = GYR_ALERT_ACCEPTED;
			continue;
		}
		bad = statuses[i];
		verdicts[i] = is_status_again(bad) ? GYR_ALERT_RETRY : GYR_ALERT_REFUSED;
		if (r != GYR_RETRY)
			r = is_status_again(bad) ? GYR_RETRY : GYR_REFUSED;
	}
	return r ? gyr_fail(p, r, "send: '%s': a document had status %u", h->transfer.shown, bad)
		 : 0;
}

static int judge(struct gyr *p, struct http *h, uint32_t n, uint8_t *verdicts)
{
	char shown[SHOWN_MAX + 1];

	if (!h->reply.status)
		return no_answer(p, h);
	h->n_timeouts = 0;
	if (h->o.echo) {
		show_answer(h, shown);
		gyr_log(p, GYR_NOTICE, "answer %ld: %s", h->reply.status, shown);
	}
	if (is_status_again(h->reply.status))
		return status_again(p, h);
	if (h->reply.status / 100 != 2) {
		answer_all(verdicts, n, GYR_ALERT_REFUSED);
		return status_refused(p, h);
	}
	if (h->preset->answers_each)
		return judge_each(p, h, n, verdicts);
	answer_all(verdicts, n, GYR_ALERT_ACCEPTED);
	return 0;
}

/* 0, GYR_REFUSED when some were, or GYR_RETRY: what was not answered waits. Recursion halves @n. */
static int send_some(struct gyr *p, struct http *h, const struct gyr_alert *const *alerts,
		     uint32_t n, uint8_t *verdicts)
{
	int r = build(p, h, alerts, n), rest;

	if (r == -E2BIG && n == 1) {
		verdicts[0] = GYR_ALERT_REFUSED;
		return GYR_REFUSED;
	}
	if (r == 0) {
		transfer_post(&h->transfer, h->o.compress_uploads ? &h->zipped : &h->body,
			      &h->reply);
		if (n == 1 || !is_status_of_content(h->reply.status))
			return judge(p, h, n, verdicts);
	} else if (r != -E2BIG) {
		return r;
	}
	r = send_some(p, h, alerts, n / 2, verdicts);
	if (r && r != GYR_REFUSED)
		return r;
	rest = send_some(p, h, alerts + n / 2, n - n / 2, verdicts + n / 2);
	return rest ? rest : r;
}

static int http_send(struct gyr *p, void *inst, const struct gyr_alert *const *alerts, uint32_t n,
		     uint8_t *verdicts)
{
	struct http *h = inst;
	const uint64_t now = clock_ms();
	const uint32_t step = h->preset->is_one_each ? 1 : (uint32_t)h->o.batch_max;
	int r, worst = 0;

	if (now < h->not_before_ms) {
		answer_all(verdicts, n, GYR_ALERT_WAIT);
		return gyr_fail(p, GYR_RETRY, "send: '%s': paused for %llu s", h->transfer.shown,
				(unsigned long long)(h->not_before_ms - now + 999) / 1000);
	}
	r = transfer_secrets(p, &h->transfer, &h->o);
	if (r)
		return r;
	for (uint32_t i = 0; i < n; i += step) {
		r = send_some(p, h, alerts + i, n - i < step ? n - i : step, verdicts + i);
		if (r && r != GYR_REFUSED)
			return r;
		worst = r ? r : worst;
	}
	return worst;
}

static int http_open(struct gyr *p, void *inst, const char *params)
{
	struct http *h = inst;
	const bool is_json = strcmp(h->o.format, "json") == 0;
	int r;

	(void)params;
	h->preset = preset_find(h->o.preset, h->o.batch, is_json);
	h->setup = (struct preset_setup){.is_json = is_json, .index = h->o.index};
	r = transfer_open(p, &h->transfer, &h->o, h->preset->content_type, h->preset->path);
	if (r == 0 && h->o.insecure)
		gyr_log(p, GYR_WARN, "'%s': the server's certificate is not checked",
			h->transfer.shown);
	return r;
}

static void http_close(struct gyr *p, void *inst)
{
	struct http *h = inst;

	(void)p;
	transfer_close(&h->transfer);
	body_deinit(&h->body);
	body_deinit(&h->zipped);
	body_deinit(&h->reply.body);
}

#define STR(name, def, help, ...) \
	GYR_OPT_STR(struct http, o.name, def, help, .key = #name __VA_OPT__(, ) __VA_ARGS__)
#define BOOL(name, help) GYR_OPT_BOOL(struct http, o.name, "false", help, .key = #name)
#define U64(name, def, help, least, most) \
	GYR_OPT_U64(struct http, o.name, def, help, .key = #name, .min = least, .max = most)
#define CHOICE(...)                     \
	.choice = (const char *const[]) \
	{                               \
		__VA_ARGS__, NULL       \
	}

PLUGIN(.name = "http", .version = "0.1.0", .description = "Alerts posted over HTTP and HTTPS",
       .contact = "the Gyr authors");
PLUGIN_OUTPUT(.instance_size = sizeof(struct http),
	      .params =
		      (const struct gyr_option[]){
			      STR(url, NULL, "where to post", .bare = true, .required = true),
			      STR(user_agent, "gyr/" GYR_VERSION, "the header User-Agent"),
			      STR(format, "text", "what is posted of an alert: text or json",
				  CHOICE("text", "json")),
			      STR(preset, "none", "body and path as a destination wants them",
				  CHOICE("none", "falcosidekick", "elasticsearch", "loki",
					 "alertmanager", "slack", "otlp")),
			      STR(batch, "one", "alerts a request: one, or JSON of several",
				  CHOICE("one", "array", "ndjson")),
			      U64(batch_max, "100", "alerts in a request at most", 1, BATCH_MAX),
			      STR(index, "gyr-%Y.%m.%d",
				  "elasticsearch: index, a format of strftime"),
			      GYR_OPT_STRS(struct http, o.headers, NULL,
					   "further headers, \"Name: value\"", .key = "headers"),
			      STR(bearer_file, NULL, "file with a token, read for every batch"),
			      STR(basic_file, NULL,
				  "file with user:password, read for every batch"),
			      BOOL(insecure, "do not check the server's certificate"),
			      STR(ca_cert, NULL, "file with the only authorities to trust"),
			      STR(ca_bundle, NULL, "the same, when ca_cert is not given"),
			      STR(ca_path, NULL, "folder of authorities, when neither is given"),
			      BOOL(mtls, "show client_cert to the server"),
			      STR(client_cert, NULL, "certificate of this client, PEM"),
			      STR(client_key, NULL, "its key, PEM"),
			      STR(proxy, NULL,
				  "proxy; \"\" is none, whatever the environment says"),
			      BOOL(echo, "log the start of each answer"),
			      BOOL(compress_uploads, "gzip what is posted"),
			      BOOL(keep_alive, "TCP keep-alive"),
			      U64(connect_timeout_ms, "5000", "time to connect", 1, 600000),
			      U64(timeout_ms, "10000", "time for a whole request", 1, 600000),
			      U64(max_consecutive_timeouts, "5",
				  "timeouts in a row before a pause of 30 s; 0: no pause", 0, 0),
			      {0}},
	      .open = http_open, .send_batch = http_send, .close = http_close);
