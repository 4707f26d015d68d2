/*
 * k8saudit: a source of Kubernetes audit events, read from the log files of an API server.
 *
 * A file may hold events one a line, as the API server's log backend writes them, whole batches
 * (EventList) as its webhook backend posts them, or arrays of either. Every event becomes one
 * compact JSON text.
 */
#include <string.h>

#include <gyr/plugin.h>

#include "logfeed.h"

struct k8saudit {
	struct logfeed_stats stats;
	uint64_t maxEventSize, maxInflatedBytes, maxRatio, webhookMaxBatchSize;
	const char *sslCertificate;
	const char *stateDir;
	bool useAsync;
};

struct instance {
	struct logfeed *feed;
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

	if (strncmp(params, "http://", 7) == 0 || strncmp(params, "https://", 8) == 0)
		return gyr_fail(p, -ENOTSUP, "open: '%s': the webhook server is not built yet",
				params);
	if (strncmp(params, "file://", 7) == 0)
		return gyr_fail(
			p, -ENOTSUP,
			"open: '%s': following a file is not built yet; the path alone reads "
			"it once",
			params);
	return logfeed_open(p, &kind,
			    &(struct logfeed_limits){.max_event_bytes = s->maxEventSize,
						     .max_inflated_bytes = s->maxInflatedBytes,
						     .max_ratio = s->maxRatio,
						     .state_dir = s->stateDir},
			    &s->stats, params, &in->feed);
}

static void k8saudit_close(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	in->feed = logfeed_close(in->feed);
}

static int k8saudit_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	(void)p;
	return logfeed_next(((struct instance *)inst)->feed, out);
}

static void k8saudit_commit(struct gyr *p, void *inst, uint64_t evtnum)
{
	(void)p;
	logfeed_commit(((struct instance *)inst)->feed, evtnum);
}

static uint32_t k8saudit_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	(void)p;
	return logfeed_progress(((struct instance *)inst)->feed, out);
}

static int k8saudit_to_string(struct gyr *p, const struct gyr_event *evt, struct gyr_text *out)
{
	(void)p;
	gyr_text_addn(out, evt->data, evt->len);
	return 0;
}

static uint32_t k8saudit_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	return logfeed_metrics(&((struct k8saudit *)gyr_state(p))->stats, ret, cap);
}

PLUGIN(.name = "k8saudit", .version = "0.18.0",
       .description = "Audit events of Kubernetes API servers", .contact = "the Gyr project",
       .state_size = sizeof(struct k8saudit), .metrics = k8saudit_metrics,
       .options = (const struct gyr_option[]){
	       GYR_OPT_U64(struct k8saudit, maxEventSize, "16777216",
			   "bytes of one event; larger ones are skipped and counted", .min = 1024,
			   .max = 1 << 30),
	       GYR_OPT_U64(struct k8saudit, maxInflatedBytes, "68719476736",
			   "bytes that one gzip file may unpack to", .min = 1),
	       GYR_OPT_U64(struct k8saudit, maxRatio, "200",
			   "how many times its size a gzip file may unpack to", .min = 1),
	       GYR_OPT_STR(struct k8saudit, stateDir, "",
			   "folder where it is kept how far the logs are finished; none: each run "
			   "reads all"),
	       GYR_OPT_U64(struct k8saudit, webhookMaxBatchSize, "12582912",
			   "accepted and ignored: for the webhook server"),
	       GYR_OPT_STR(struct k8saudit, sslCertificate, "/etc/falco/falco.pem",
			   "accepted and ignored: for the webhook server"),
	       GYR_OPT_BOOL(struct k8saudit, useAsync, "true", "accepted and ignored"),
	       {0}});
PLUGIN_SOURCE(.id = 1, .name = "k8s_audit", .instance_size = sizeof(struct instance),
	      .open = k8saudit_open, .close = k8saudit_close, .next = k8saudit_next,
	      .progress = k8saudit_progress, .to_string = k8saudit_to_string);
PLUGIN_SOURCE_COMMIT(k8saudit_commit);
