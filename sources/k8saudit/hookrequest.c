/*
 * hookrequest: one request: who may post, what is refused before its body, what the body comes to.
 *
 * libmicrohttpd calls for the header, for each piece of the body, and at its end, where alone the
 * answer can be given; a short body of a request that is refused is read first, so that the client
 * is there to hear why.
 */
#include "hookserver_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEALTH "/healthz"

enum { DRAIN = 1 << 20 }; /* bytes of a body that is read although it is refused */

#define STATUS(member) offsetof(struct webhook_stats, member)

static const struct answer {
	unsigned status;
	size_t counter;
	const char *text;
	const char *header, *value; /* NULL: none */
} answers[] = {
	{200, STATUS(webhook_accepted), "ok\n", NULL, NULL},
	{400, STATUS(webhook_malformed), "not JSON, or not all of it audit events\n", NULL, NULL},
	{401, STATUS(webhook_unauthorized), "a bearer token is needed\n", "WWW-Authenticate",
	 "Bearer"},
	{403, STATUS(webhook_forbidden), "a client certificate that is allowed is needed\n", NULL,
	 NULL},
	{404, STATUS(webhook_not_found), "another path\n", NULL, NULL},
	{405, STATUS(webhook_bad_method), "only POST\n", "Allow", "POST"},
	{413, STATUS(webhook_body_too_large), "the body is too large\n", NULL, NULL},
	{415, STATUS(webhook_bad_type), "only application/json, not encoded\n", NULL, NULL},
	{429, STATUS(webhook_pushed_back), "no room: again, later\n", "Retry-After", "3"},
	{503, STATUS(webhook_closing), "closing\n", "Retry-After", "3"},
};

static enum MHD_Result send_answer(struct hookconn *c)
{
	const struct answer *a = answers;
	struct MHD_Response *r;
	enum MHD_Result ret;

	while (a->status != c->status)
		a++;
	hook_phase(c, HOOK_ANSWER);
	r = MHD_create_response_from_buffer(strlen(a->text), (void *)a->text,
					    MHD_RESPMEM_PERSISTENT);
	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
	if (a->header)
		(void)MHD_add_response_header(r, a->header, a->value);
	ret = MHD_queue_response(c->mhd, a->status, r);
	MHD_destroy_response(r);
	return ret;
}

static void count_status(struct hookconn *c, unsigned status)
{
	const struct answer *a = answers;

	while (a->status != status)
		a++;
	webhook_count((_Atomic uint64_t *)(void *)((char *)c->server->stats + a->counter));
	c->status = status;
}

/* ---- the header ---- */

static const char *header(const struct hookconn *c, const char *name)
{
	return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

static bool has_certificate(const struct hookconn *c)
{
	const union MHD_ConnectionInfo *i;

	if (!c->creds)
		return true;
	i = MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return i && tlsside_allows(&c->server->tls, (gnutls_session_t)i->tls_session);
}

static bool has_token(struct hookconn *c)
{
	struct hookserver *s = c->server;
	const int r = tokens_refresh(&s->tokens);

	if (r < 0)
		hook_note(s, "'tokenFile': '%s': %s; the tokens of before stay",
			  s->tokens.file.path, r == -ENOKEY ? "no token in it" : strerror(-r));
	if (r)
		webhook_count(r < 0 ? &s->stats->webhook_reloads_failed
				    : &s->stats->webhook_reloads);
	return tokens_allow(&s->tokens, header(c, "Authorization"));
}

/* Whether the path is ours; what comes behind one that ends with a slash names the cluster. */
static bool is_path(const struct hookconn *c, const char *url, const char **ret_cluster)
{
	const char *path = c->server->at.path;
	const size_t len = strlen(path);

	*ret_cluster = NULL;
	if (strcmp(path, "/") == 0 || strcmp(url, path) == 0)
		return true;
	if (path[len - 1] != '/' || strncmp(url, path, len) != 0)
		return false;
	*ret_cluster = url + len;
	return auditedit_is_name(url + len, strlen(url + len));
}

static bool is_json(const struct hookconn *c)
{
	static const char json[] = "application/json";
	const char *type = header(c, "Content-Type"), *coding = header(c, "Content-Encoding");

	return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
	       strchr("; \t", type[sizeof json - 1]) != NULL &&
	       (!coding || strcasecmp(coding, "identity") == 0);
}

static uint64_t declared_length(const struct hookconn *c)
{
	const char *text = header(c, "Content-Length");
	uint64_t n = 0;

	return text && gyr_parse_u64(text, &n) < 0 ? UINT64_MAX : n;
}

/* The status that a POST is refused with for its header; 0: its body decides. */
static unsigned judge_header(struct hookconn *c, const char *url, const char *method)
{
	const char *cluster;

	if (!has_certificate(c))
		return 403;
	if (!has_token(c))
		return 401;
	if (!is_path(c, url, &cluster))
		return 404;
	if (strcmp(method, "POST") != 0)
		return 405;
	if (!is_json(c))
		return 415;
	if (header(c, "Transfer-Encoding") && header(c, "Content-Length"))
		return 400; /* who is in between may see another body than we do */
	if (declared_length(c) > c->server->setup.max_body)
		return 413;
	auditbody_begin(&c->body, cluster);
	return 0;
}

static bool is_health(const char *url, const char *method)
{
	return strcmp(url, HEALTH) == 0 &&
	       (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0);
}

static enum MHD_Result begin(struct hookconn *c, const char *url, const char *method)
{
	const bool is_asking = is_health(url, method);
	unsigned status = 200;

	hook_phase(c, HOOK_BODY);
	c->body_len = 0;
	c->status = status;
	if (is_asking)
		return MHD_YES;
	webhook_count(&c->server->stats->webhook_requests);
	status = judge_header(c, url, method);
	c->status = 0;
	if (status == 0)
		return MHD_YES;
	count_status(c, status);
	if (declared_length(c) <= DRAIN && !header(c, "Expect"))
		return MHD_YES;
	return send_answer(c);
}

/* ---- the body ---- */

static void more(struct hookconn *c, const char *bytes, size_t len)
{
	struct hookserver *s = c->server;

	if (c->body_len < HOOK_SAMPLE)
		memcpy(c->sample + c->body_len, bytes,
		       len < HOOK_SAMPLE - c->body_len ? len : HOOK_SAMPLE - c->body_len);
	c->body_len += len;
	(void)atomic_fetch_add_explicit(&s->stats->webhook_bytes, len, memory_order_relaxed);
	if (c->status)
		return;
	if (c->body_len > s->setup.max_body) {
		count_status(c, 413);
		auditbody_end(&c->body, false);
		return;
	}
	s->current = c;
	auditbody_feed(&c->body, bytes, len);
	s->current = NULL;
}

static unsigned judge_body(struct hookconn *c)
{
	struct hookserver *s = c->server;

	s->current = c;
	auditbody_end(&c->body, true);
	if (c->body_len == 0)
		hook_on_note(s, 0, "an empty body");
	s->current = NULL;
	if (c->body.outcome == AUDITBODY_OK)
		return c->body_len ? 200 : 400;
	if (c->body.outcome == AUDITBODY_MALFORMED)
		return 400;
	webhook_count(c->body.outcome == AUDITBODY_QUEUE_FULL ? &s->stats->webhook_queue_full
							      : &s->stats->webhook_memory_full);
	return 429;
}

static enum MHD_Result finish(struct hookconn *c)
{
	struct hookserver *s = c->server;
	unsigned status;

	if (c->status)
		return send_answer(c);
	status = judge_body(c);
	if (status == 200 && s->setup.is_ack_processed &&
	    c->body.last_number > atomic_load(&s->finished)) {
		hook_phase(c, HOOK_WAIT);
		MHD_suspend_connection(c->mhd);
		return MHD_YES;
	}
	count_status(c, status);
	return send_answer(c);
}

void hook_go_on(struct hookconn *c, unsigned status)
{
	count_status(c, status);
	hook_phase(c, HOOK_ANSWER);
	MHD_resume_connection(c->mhd);
}

/* ---- as it is called ---- */

enum MHD_Result hook_on_request(void *server, struct MHD_Connection *mhd, const char *url,
				const char *method, const char *version, const char *upload,
				size_t *upload_len, void **state)
{
	const union MHD_ConnectionInfo *i;
	struct hookconn *c = *state;

	(void)server;
	(void)version;
	if (!c) {
		i = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
		c = i ? i->socket_context : NULL;
		*state = c;
		return c ? begin(c, url, method) : MHD_NO;
	}
	if (*upload_len) {
		more(c, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	return finish(c);
}

void hook_on_completed(void *server, struct MHD_Connection *mhd, void **state,
		       enum MHD_RequestTerminationCode how)
{
	struct hookconn *c = *state;

	(void)server;
	(void)mhd;
	if (!c)
		return;
	if (how != MHD_REQUEST_TERMINATED_COMPLETED_OK && c->phase == HOOK_BODY) {
		webhook_count(&c->server->stats->webhook_cut);
		auditbody_end(&c->body, false);
	}
	hook_phase(c, HOOK_IDLE);
	*state = NULL;
}

/* ---- what is said of it ---- */

/* Bytes as text that does nothing to a terminal or a log. */
static void escape(const char *bytes, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 5 < size; i++) {
		const unsigned char b = (unsigned char)bytes[i];

		if (b < 0x20 || b >= 0x7f || b == '\\')
			n += (size_t)snprintf(ret + n, size - n, "\\x%02x", b);
		else
			ret[n++] = (char)b;
	}
	ret[n] = '\0';
}

void hook_on_note(void *server, uint64_t offset, const char *why)
{
	struct hookserver *s = server;
	const struct hookconn *c = s->current;
	char address[INET6_ADDRSTRLEN], sample[HOOK_SAMPLE * 4 + 8];

	if (!c)
		return;
	escape(c->sample, c->body_len < HOOK_SAMPLE ? (size_t)c->body_len : HOOK_SAMPLE, sample,
	       sizeof sample);
	hook_note(s, "from %s: at byte %llu of the body: %s; it begins with \"%s\"",
		  hook_address(c, address), (unsigned long long)offset, why, sample);
}
