#include "link.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nats/nats.h>

#include <gyr/secret.h>

#include "subject.h"

enum {
	SECRET_MAX = 4096,
	RECONNECT_WAIT_MS = 250,
	FOREVER = -1,
};

/* The batch in flight. Acknowledgements find their alert by its id, so that one that comes late, for
 * an alert that is offered again, still counts. */
struct batch {
	const struct gyr_alert *const *alerts;
	uint8_t *verdicts;
	uint32_t n;
	char why[256]; /* of the first that was not taken */
};

struct link {
	const struct nats_options *o;
	natsOptions *opts;
	natsConnection *conn;
	jsCtx *js;
	pthread_mutex_t lock; /* what is below */
	struct batch batch;
};

/* ---- acknowledgements [library] ---- */

static void answer(struct link *l, const char *id_text, const jsPubAck *ack, const jsPubAckErr *err)
{
	const uint64_t id = strtoull(id_text, NULL, 16);
	struct batch *b = &l->batch;

	if (err && !*b->why) {
		const bool nobody = err->Err == NATS_NO_RESPONDERS;

		(void)snprintf(b->why, sizeof b->why, "%s",
			       nobody         ? "no stream of the server takes this subject"
			       : err->ErrText ? err->ErrText
					      : natsStatus_GetText(err->Err));
	}
	for (uint32_t i = 0; i < b->n && ack; i++)
		if (b->alerts[i]->id == id)
			b->verdicts[i] = GYR_ALERT_ACCEPTED;
}

static void on_ack(jsCtx *js, natsMsg *msg, jsPubAck *ack, jsPubAckErr *err, void *closure)
{
	struct link *l = closure;
	const char *id = NULL;

	(void)js;
	if (natsMsgHeader_Get(msg, "Nats-Msg-Id", &id) == NATS_OK) {
		(void)pthread_mutex_lock(&l->lock);
		answer(l, id, ack, err);
		(void)pthread_mutex_unlock(&l->lock);
	}
	natsMsg_Destroy(msg);
}

/* ---- set-up ---- */

static int bad_option(struct gyr *p, natsStatus s, const char *what)
{
	return s == NATS_OK ? 0
			    : gyr_fail(p, s == NATS_NO_MEMORY ? -ENOMEM : -EINVAL, "open: %s: %s",
				       what, natsStatus_GetText(s));
}

/* Whether an option was given. */
static bool given(const char *text)
{
	return text && *text;
}

static int set_tls(struct gyr *p, struct link *l)
{
	const struct nats_options *o = l->o;
	int r;

	if (!o->tls && !given(o->ca_cert) && !given(o->client_cert))
		return 0;
	r = bad_option(p, natsOptions_SetSecure(l->opts, true), "TLS");
	if (r == 0 && given(o->ca_cert))
		r = bad_option(p, natsOptions_LoadCATrustedCertificates(l->opts, o->ca_cert),
			       "'ca_cert'");
	if (r == 0 && given(o->client_cert))
		r = bad_option(
			p,
			natsOptions_LoadCertificatesChain(l->opts, o->client_cert, o->client_key),
			"'client_cert'");
	if (r == 0 && o->insecure) {
		gyr_log(p, GYR_WARN, "'insecure': the certificate of the server is not checked");
		r = bad_option(p, natsOptions_SkipServerVerification(l->opts, true), "'insecure'");
	}
	return r;
}

/* Secrets are read for each new connection. */
static int set_secrets(struct gyr *p, struct link *l)
{
	const struct nats_options *o = l->o;
	char text[SECRET_MAX];
	int r = 0;

	if (given(o->token_file)) {
		r = gyr_read_secret(p, "token_file", o->token_file, text, sizeof text);
		if (r == 0)
			r = bad_option(p, natsOptions_SetToken(l->opts, text), "'token_file'");
	}
	if (r == 0 && given(o->user)) {
		r = gyr_read_secret(p, "password_file", o->password_file, text, sizeof text);
		if (r == 0)
			r = bad_option(p, natsOptions_SetUserInfo(l->opts, o->user, text),
				       "'user'");
	}
	explicit_bzero(text, sizeof text);
	return r;
}

static int set_options(struct gyr *p, struct link *l)
{
	const struct nats_options *o = l->o;
	int n = 0, r;

	while (o->servers[n])
		n++;
	r = bad_option(p, natsOptions_Create(&l->opts), "options");
	if (r == 0)
		r = bad_option(p, natsOptions_SetServers(l->opts, o->servers, n), "'servers'");
	if (r == 0)
		r = bad_option(p, natsOptions_SetTimeout(l->opts, (int64_t)o->timeout_ms),
			       "'timeout_ms'");
	if (r == 0)
		r = bad_option(p, natsOptions_SetName(l->opts, "gyr"), "name");
	if (r == 0)
		r = bad_option(p, natsOptions_SetMaxReconnect(l->opts, FOREVER), "reconnect");
	if (r == 0)
		r = bad_option(p, natsOptions_SetReconnectWait(l->opts, RECONNECT_WAIT_MS),
			       "reconnect");
	if (r == 0 && given(o->credentials))
		r = bad_option(
			p, natsOptions_SetUserCredentialsFromFiles(l->opts, o->credentials, NULL),
			"'credentials'");
	return r ? r : set_tls(p, l);
}

int link_open(struct gyr *p, const struct nats_options *o, struct link **ret)
{
	struct link *l = calloc(1, sizeof *l);
	int r;

	if (!l)
		return gyr_fail(p, -ENOMEM, "open: out of memory");
	l->o = o;
	(void)pthread_mutex_init(&l->lock, NULL);
	r = set_options(p, l);
	if (r == 0)
		r = set_secrets(p, l); /* a missing file is known at start */
	if (r) {
		(void)link_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

static void disconnect(struct link *l)
{
	jsCtx_Destroy(l->js);
	l->js = NULL;
	natsConnection_Destroy(l->conn);
	l->conn = NULL;
}

struct link *link_close(struct link *l)
{
	if (!l)
		return NULL;
	disconnect(l);
	natsOptions_Destroy(l->opts);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
	return NULL;
}

static int connect_now(struct gyr *p, struct link *l)
{
	jsOptions js;
	natsStatus s;
	int r = set_secrets(p, l);

	if (r)
		return r;
	s = natsConnection_Connect(&l->conn, l->opts);
	if (s != NATS_OK)
		return gyr_fail(p, -ECONNREFUSED, "connect to '%s': %s", l->o->servers[0],
				natsStatus_GetText(s));
	if (!l->o->jetstream)
		return 0;
	(void)jsOptions_Init(&js);
	js.Wait = (int64_t)l->o->timeout_ms;
	js.PublishAsync.AckHandler = on_ack;
	js.PublishAsync.AckHandlerClosure = l;
	s = natsConnection_JetStream(&l->js, l->conn, &js);
	if (s == NATS_OK)
		return 0;
	disconnect(l);
	return gyr_fail(p, -EPROTO, "JetStream: %s", natsStatus_GetText(s));
}

/* ---- publishing ---- */

static natsStatus publish_one(struct link *l, const struct gyr_alert *a, const char *subject)
{
	char id[17];
	jsPubOptions po;
	natsMsg *msg = NULL;
	natsStatus s;

	if (!l->o->jetstream)
		return natsConnection_Publish(l->conn, subject, a->json, (int)a->json_len);
	(void)snprintf(id, sizeof id, "%016" PRIx64, a->id);
	(void)jsPubOptions_Init(&po);
	po.MsgId = id;
	s = natsMsg_Create(&msg, subject, NULL, a->json, (int)a->json_len);
	if (s == NATS_OK)
		s = js_PublishMsgAsync(l->js, &msg, &po);
	natsMsg_Destroy(msg); /* NULL once it is the library's */
	return s;
}

/* Hands all to the library; what can never be sent is refused. */
static natsStatus publish_all(struct link *l, const struct gyr_alert *const *alerts, uint32_t n,
			      uint8_t *verdicts)
{
	char subject[SUBJECT_MAX];

	for (uint32_t i = 0; i < n; i++) {
		natsStatus s = NATS_MAX_PAYLOAD;

		if (subject_make(l->o->subject, alerts[i], subject, sizeof subject) == 0)
			s = publish_one(l, alerts[i], subject);
		if (s == NATS_MAX_PAYLOAD) {
			(void)pthread_mutex_lock(&l->lock);
			verdicts[i] = GYR_ALERT_REFUSED;
			(void)snprintf(l->batch.why, sizeof l->batch.why,
				       "an alert is larger than the server takes");
			(void)pthread_mutex_unlock(&l->lock);
		} else if (s != NATS_OK) {
			return s;
		}
	}
	return NATS_OK;
}

/* What was not acknowledged in time is taken back, or the library would keep it. */
static void take_back(struct link *l)
{
	natsMsgList pending = {0};

	if (js_PublishAsyncGetPendingList(&pending, l->js) == NATS_OK)
		natsMsgList_Destroy(&pending);
}

static natsStatus wait_for_answers(struct link *l)
{
	jsPubOptions po;
	natsStatus s;

	if (!l->o->jetstream)
		return natsConnection_FlushTimeout(l->conn, (int64_t)l->o->timeout_ms);
	(void)jsPubOptions_Init(&po);
	po.MaxWait = (int64_t)l->o->timeout_ms;
	s = js_PublishAsyncComplete(l->js, &po);
	if (s != NATS_OK)
		take_back(l);
	return s;
}

static void batch_begin(struct link *l, const struct gyr_alert *const *alerts, uint32_t n,
			uint8_t *verdicts)
{
	(void)pthread_mutex_lock(&l->lock);
	l->batch = (struct batch){.alerts = alerts, .verdicts = verdicts, .n = n};
	(void)pthread_mutex_unlock(&l->lock);
}

/* No acknowledgement touches the batch from here on. */
static void batch_end(struct link *l, char *ret_why, size_t size)
{
	(void)pthread_mutex_lock(&l->lock);
	(void)snprintf(ret_why, size, "%s", l->batch.why);
	l->batch = (struct batch){0};
	(void)pthread_mutex_unlock(&l->lock);
}

int link_publish(struct gyr *p, struct link *l, const struct gyr_alert *const *alerts, uint32_t n,
		 uint8_t *verdicts)
{
	char why[sizeof l->batch.why];
	natsStatus s;
	int r = l->conn && !natsConnection_IsClosed(l->conn) ? 0 : -ENOTCONN;

	if (r) {
		disconnect(l);
		r = connect_now(p, l);
	}
	if (r)
		return r;
	batch_begin(l, alerts, n, verdicts);
	s = publish_all(l, alerts, n, verdicts);
	if (s == NATS_OK)
		s = wait_for_answers(l);
	batch_end(l, why, sizeof why);
	for (uint32_t i = 0; i < n && s == NATS_OK && !l->o->jetstream; i++)
		if (verdicts[i] == GYR_ALERT_RETRY)
			verdicts[i] = GYR_ALERT_ACCEPTED;
	if (s == NATS_OK && !*why)
		return 0;
	return gyr_fail(p, -EIO, "publish to '%s': %s", l->o->subject,
			*why ? why : natsStatus_GetText(s));
}
