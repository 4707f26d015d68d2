/*
 * k8saudit: a source of Kubernetes audit events, read from the log files of an API server, or posted
 * by it.
 *
 * A file or a body may hold events one a line, as the API server's log backend writes them, whole batches
 * (EventList) as its webhook backend posts them, or arrays of either. Every event becomes one
 * compact JSON text.
 */
#include <string.h>

#include <gyr/plugin.h>

#include "logfeed.h"
#include "webhook.h"

struct k8saudit {
	struct logfeed_stats stats;
	struct webhook_stats hook_stats;
	struct webhook_options hook;
	uint64_t maxEventSize, maxInflatedBytes, maxRatio;
	const char *stateDir;
	bool useAsync;
};

/* One of the two. */
struct instance {
	struct logfeed *feed;
	struct webhook *hook;
};

/* A directory is read whole, but for hidden files. */
static bool wants(const char *name)
{
	return name[0] != '.';
}

static const struct logfeed_kind kind = {
	.envelope = "items",
	.time_pointer = "/stageTimestamp",
	.no_time = "data not recognized as a k8s audit event: no usable time",
	.wants = wants,
	.by_time = true,
	.is_compact = true,
};

static int k8saudit_open(struct gyr *p, void *inst, const char *params)
{
	struct k8saudit *s = gyr_state(p);
	struct instance *in = inst;
	bool is_followed;

	if (webhook_is_url(params)) {
		s->hook.server.max_event = s->maxEventSize;
		return webhook_open(p, &s->hook, &s->hook_stats, params, &in->hook);
	}
	is_followed = strncmp(params, "file://", 7) == 0;
	return logfeed_open(p,
			    &(struct logfeed_setup){.kind = &kind,
						    .stats = &s->stats,
						    .max_event_bytes = s->maxEventSize,
						    .max_inflated_bytes = s->maxInflatedBytes,
						    .max_ratio = s->maxRatio,
						    .state_dir = s->stateDir,
						    .is_followed = is_followed},
			    is_followed ? params + 7 : params, &in->feed);
}

static void k8saudit_close(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	in->feed = logfeed_close(in->feed);
	in->hook = webhook_close(in->hook);
}

static void k8saudit_begin(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	if (in->hook)
		webhook_begin(in->hook);
}

static int k8saudit_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct instance *in = inst;

	(void)p;
	return in->hook ? webhook_next(in->hook, out) : logfeed_next(in->feed, out);
}

static void k8saudit_commit(struct gyr *p, void *inst, uint64_t evtnum)
{
	struct instance *in = inst;

	(void)p;
	if (in->hook)
		webhook_commit(in->hook, evtnum);
	else
		logfeed_commit(in->feed, evtnum);
}

/* What is posted has no end. */
static uint32_t k8saudit_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	struct instance *in = inst;

	(void)p;
	return in->feed ? logfeed_progress(in->feed, out) : 0;
}

static int k8saudit_to_string(struct gyr *p, const struct gyr_event *evt, struct gyr_text *out)
{
	(void)p;
	gyr_text_addn(out, evt->data, evt->len);
	return 0;
}

static uint32_t k8saudit_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	const struct k8saudit *s = gyr_state(p);
	const uint32_t n = logfeed_metrics(&s->stats, ret, cap);

	return n + webhook_metrics(&s->hook_stats, ret + n, cap - n);
}

#define HOOK(member) hook.server.member
#define SECONDS .min = 1, .max = 86400

PLUGIN(.name = "k8saudit", .version = "0.18.0",
       .description = "Audit events of Kubernetes API servers", .contact = "the Gyr project",
       .state_size = sizeof(struct k8saudit), .metrics = k8saudit_metrics,
       .options = (const struct gyr_option[]){
	       GYR_OPT_U64(
		       struct k8saudit, maxEventSize, "16777216",
		       "bytes of one event; larger ones are skipped and counted; where they are "
		       "posted, their requestObject and responseObject are taken out first",
		       .min = 1024, .max = 1 << 30),
	       GYR_OPT_U64(struct k8saudit, maxInflatedBytes, "68719476736",
			   "bytes that one gzip file may unpack to", .min = 1),
	       GYR_OPT_U64(struct k8saudit, maxRatio, "200",
			   "how many times its size a gzip file may unpack to", .min = 1),
	       GYR_OPT_STR(struct k8saudit, stateDir, "",
			   "folder where it is kept how far the logs are finished; none: each run "
			   "reads all"),
	       GYR_OPT_STR(struct k8saudit, HOOK(certificate), "/etc/falco/falco.pem",
			   "https: PEM file with certificate and key; read anew when it changes",
			   .key = "sslCertificate"),
	       GYR_OPT_STR(struct k8saudit, HOOK(ca), "",
			   "https: PEM file of who signs the certificates of clients; none: they "
			   "need none",
			   .key = "clientCA"),
	       GYR_OPT_STRS(
		       struct k8saudit, HOOK(names), NULL,
		       "https: names (CN, or DNS, URI, e-mail) of clients that may post; none: "
		       "all of clientCA",
		       .key = "clientNames"),
	       GYR_OPT_STR(struct k8saudit, HOOK(token_file), "",
			   "file of bearer tokens that may post, one a line; read anew when it "
			   "changes; none: nobody needs one",
			   .key = "tokenFile"),
	       GYR_OPT_STR(struct k8saudit, hook.ack, WEBHOOK_ACK_QUEUE,
			   "when a request is answered 200: its events are queued, or finished",
			   .key = "ack",
			   .choice = (const char *const[]){WEBHOOK_ACK_QUEUE, WEBHOOK_ACK_PROCESSED,
							   NULL}),
	       GYR_OPT_U64(struct k8saudit, HOOK(ack_s), "20",
			   "ack processed: seconds until the answer is 429, come again",
			   .key = "ackTimeout", SECONDS),
	       GYR_OPT_U64(struct k8saudit, HOOK(max_body), "67108864",
			   "bytes of one request's body; larger ones are answered 413",
			   .key = "webhookMaxBatchSize", .min = 1024, .max = 1ULL << 40),
	       GYR_OPT_U64(struct k8saudit, hook.queue_bytes, "67108864",
			   "bytes of events that wait to be judged; beyond, the answer is 429",
			   .key = "webhookQueueSize", .min = 65536, .max = 1ULL << 40),
	       GYR_OPT_U64(struct k8saudit, HOOK(max_held), "268435456",
			   "bytes of events that are being received, of all requests; beyond, the "
			   "answer is 429",
			   .key = "webhookBufferSize", .min = 65536, .max = 1ULL << 40),
	       GYR_OPT_U64(struct k8saudit, HOOK(n_seen), "65536",
			   "events remembered, so that those sent again are not taken twice",
			   .key = "dedupeEvents", .max = 1 << 24),
	       GYR_OPT_U64(struct k8saudit, HOOK(n_connections), "256",
			   "connections in all; more are refused", .key = "maxConnections",
			   .min = 1, .max = 65536),
	       GYR_OPT_U64(struct k8saudit, HOOK(n_per_address), "64",
			   "connections of one address; more are refused",
			   .key = "maxConnectionsPerAddress", .min = 1, .max = 65536),
	       GYR_OPT_U64(struct k8saudit, HOOK(header_s), "10",
			   "seconds for the handshake and the header of the first request",
			   .key = "headerTimeout", SECONDS),
	       GYR_OPT_U64(struct k8saudit, HOOK(body_s), "60", "seconds for the body of a request",
			   .key = "bodyTimeout", SECONDS),
	       GYR_OPT_U64(
		       struct k8saudit, HOOK(idle_s), "120",
		       "seconds from one request of a connection to the end of the next's header, "
		       "and for taking an answer",
		       .key = "idleTimeout", SECONDS),
	       GYR_OPT_BOOL(struct k8saudit, useAsync, "true", "accepted and ignored"),
	       {0}});
PLUGIN_SOURCE(.id = 1, .name = "k8s_audit", .instance_size = sizeof(struct instance),
	      .open = k8saudit_open, .close = k8saudit_close, .next = k8saudit_next,
	      .begin = k8saudit_begin, .progress = k8saudit_progress,
	      .to_string = k8saudit_to_string);
PLUGIN_SOURCE_COMMIT(k8saudit_commit);
