/*
 * cloudtrail: a source of AWS CloudTrail records, read from delivered log files.
 *
 * A delivery is a file with one object whose member "Records" is an array; a record becomes one
 * event with its original bytes. Files that hold records one a line, or in a bare array, are read
 * as well. Insights and records without a time or a type are left out, and counted.
 */
#include <string.h>

#include <gyr/json.h>
#include <gyr/plugin.h>

#include "logfeed.h"

/* What event_to_string shows, in this order. */
enum shown {
	SHOW_REGION,
	SHOW_USER,
	SHOW_ROLE,
	SHOW_SERVICE,
	SHOW_SOURCE,
	SHOW_NAME,
	SHOW_IP,
	SHOW_ERROR,
	N_SHOWN,
};

static const char *const shown_pointers[N_SHOWN] = {
	[SHOW_REGION] = "/awsRegion",
	[SHOW_USER] = "/userIdentity/userName",
	[SHOW_ROLE] = "/userIdentity/sessionContext/sessionIssuer/userName",
	[SHOW_SERVICE] = "/userIdentity/invokedBy",
	[SHOW_SOURCE] = "/eventSource",
	[SHOW_NAME] = "/eventName",
	[SHOW_IP] = "/sourceIPAddress",
	[SHOW_ERROR] = "/errorCode",
};

struct cloudtrail {
	struct logfeed_stats stats;
	uint64_t maxEventBytes, maxObjectBytes, maxRatio, s3DownloadConcurrency;
	const char *s3Interval, *s3AccountList, *sqsOwnerAccount;
	const char *stateDir;
	const char *profile, *region, *config, *credentials;
	bool sqsDelete, useS3SNS, useAsync;
	struct gyr_json_reader *reader; /* for event_to_string */
	uint32_t ids[N_SHOWN];
};

struct instance {
	struct logfeed *feed;
};

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

static bool wants(const char *name)
{
	return ends_with(name, ".json") || ends_with(name, ".json.gz");
}

static const struct logfeed_kind kind = {
	.envelope = "Records",
	.time_pointer = "/eventTime",
	.type_pointer = "/eventType",
	.left_out_type = "AwsCloudTrailInsight",
	.no_time = "no usable time, record skipped",
	.wants = wants,
	.must_find = true,
};

static int cloudtrail_init(struct gyr *p)
{
	struct cloudtrail *s = gyr_state(p);
	int r = 0;

	s->reader = gyr_json_reader_new();
	if (!s->reader)
		return gyr_fail(p, -ENOMEM, "init: no memory");
	for (int i = 0; i < N_SHOWN && r == 0; i++)
		r = gyr_json_reader_add(s->reader, shown_pointers[i], strlen(shown_pointers[i]),
					&s->ids[i]);
	if (r < 0)
		s->reader = gyr_json_reader_free(s->reader);
	return r < 0 ? gyr_fail(p, r, "init: %s", strerror(-r)) : 0;
}

static void cloudtrail_destroy(struct gyr *p)
{
	struct cloudtrail *s = gyr_state(p);

	s->reader = gyr_json_reader_free(s->reader);
}

static int cloudtrail_open(struct gyr *p, void *inst, const char *params)
{
	struct cloudtrail *s = gyr_state(p);
	struct instance *in = inst;

	if (strncmp(params, "s3://", 5) == 0)
		return gyr_fail(p, -ENOTSUP, "open: '%s': reading from S3 is not built yet",
				params);
	if (strncmp(params, "sqs://", 6) == 0)
		return gyr_fail(p, -ENOTSUP, "open: '%s': reading from SQS is not built yet",
				params);
	return logfeed_open(p, &kind,
			    &(struct logfeed_limits){.max_event_bytes = s->maxEventBytes,
						     .max_inflated_bytes = s->maxObjectBytes,
						     .max_ratio = s->maxRatio,
						     .state_dir = s->stateDir},
			    &s->stats, params, &in->feed);
}

static void cloudtrail_close(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	in->feed = logfeed_close(in->feed);
}

static int cloudtrail_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	(void)p;
	return logfeed_next(((struct instance *)inst)->feed, out);
}

static void cloudtrail_commit(struct gyr *p, void *inst, uint64_t evtnum)
{
	(void)p;
	logfeed_commit(((struct instance *)inst)->feed, evtnum);
}

static uint32_t cloudtrail_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	(void)p;
	return logfeed_progress(((struct instance *)inst)->feed, out);
}

/* ---- one line for people ---- */

static bool get(struct cloudtrail *s, enum shown what, struct gyr_json *ret)
{
	return gyr_json_reader_get(s->reader, s->ids[what], ret) == 0 &&
	       ret->type == GYR_JSON_STRING && ret->len > 0;
}

static void show(struct cloudtrail *s, enum shown what, const char *before, const char *after,
		 struct gyr_text *out)
{
	struct gyr_json v;

	if (!get(s, what, &v))
		return;
	gyr_text_add(out, before);
	gyr_text_addn(out, v.p, v.len);
	gyr_text_add(out, after);
}

static void show_source(struct cloudtrail *s, struct gyr_text *out)
{
	static const char tail[] = ".amazonaws.com";
	const size_t n = sizeof tail - 1;
	struct gyr_json v;

	if (!get(s, SHOW_SOURCE, &v))
		return;
	if (v.len > n && memcmp(v.p + v.len - n, tail, n) == 0)
		v.len -= (uint32_t)n;
	gyr_text_addn(out, v.p, v.len);
	gyr_text_add(out, " ");
}

static int cloudtrail_to_string(struct gyr *p, const struct gyr_event *evt, struct gyr_text *out)
{
	static const enum shown users[] = {SHOW_USER, SHOW_ROLE, SHOW_SERVICE};
	struct cloudtrail *s = gyr_state(p);
	struct gyr_json v;

	if (gyr_json_reader_load(s->reader, evt->data, evt->len))
		return gyr_fail(p, -EBADMSG, "event %llu is not JSON",
				(unsigned long long)evt->num);
	show(s, SHOW_REGION, "", " ", out);
	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		if (get(s, users[i], &v)) {
			show(s, users[i], "[", "] ", out);
			break;
		}
	}
	show_source(s, out);
	show(s, SHOW_NAME, "", "", out);
	show(s, SHOW_IP, " from ", "", out);
	show(s, SHOW_ERROR, " failed with ", "", out);
	return 0;
}

static uint32_t cloudtrail_metrics(struct gyr *p, ss_plugin_metric *ret, uint32_t cap)
{
	return logfeed_metrics(&((struct cloudtrail *)gyr_state(p))->stats, ret, cap);
}

#define LATER "accepted and ignored: for S3 and SQS"

PLUGIN(.name = "cloudtrail", .version = "0.17.1", .description = "Records of AWS CloudTrail",
       .contact = "the Gyr project", .state_size = sizeof(struct cloudtrail),
       .init = cloudtrail_init, .destroy = cloudtrail_destroy, .metrics = cloudtrail_metrics,
       .options = (const struct gyr_option[]){
	       GYR_OPT_U64(struct cloudtrail, maxEventBytes, "16777216",
			   "bytes of one record; larger ones are skipped and counted", .min = 1024,
			   .max = 1 << 30),
	       GYR_OPT_U64(struct cloudtrail, maxObjectBytes, "1073741824",
			   "bytes that one gzip file may unpack to", .min = 1),
	       GYR_OPT_U64(struct cloudtrail, maxRatio, "200",
			   "how many times its size a gzip file may unpack to", .min = 1),
	       GYR_OPT_STR(struct cloudtrail, stateDir, "",
			   "folder where it is kept how far the logs are finished; none: each run "
			   "reads all"),
	       GYR_OPT_U64(struct cloudtrail, s3DownloadConcurrency, "32", LATER, .min = 1),
	       GYR_OPT_STR(struct cloudtrail, s3Interval, "", LATER),
	       GYR_OPT_STR(struct cloudtrail, s3AccountList, "", LATER),
	       GYR_OPT_STR(struct cloudtrail, sqsOwnerAccount, "", LATER),
	       GYR_OPT_BOOL(struct cloudtrail, sqsDelete, "true", LATER),
	       GYR_OPT_BOOL(struct cloudtrail, useS3SNS, "false", LATER),
	       GYR_OPT_BOOL(struct cloudtrail, useAsync, "true", "accepted and ignored"),
	       GYR_OPT_STR(struct cloudtrail, profile, "", LATER, .key = "aws.profile"),
	       GYR_OPT_STR(struct cloudtrail, region, "", LATER, .key = "aws.region"),
	       GYR_OPT_STR(struct cloudtrail, config, "", LATER, .key = "aws.config"),
	       GYR_OPT_STR(struct cloudtrail, credentials, "", LATER, .key = "aws.credentials"),
	       {0}});
PLUGIN_SOURCE(.id = 2, .name = "aws_cloudtrail", .instance_size = sizeof(struct instance),
	      .open = cloudtrail_open, .close = cloudtrail_close, .next = cloudtrail_next,
	      .progress = cloudtrail_progress, .to_string = cloudtrail_to_string);
PLUGIN_SOURCE_COMMIT(cloudtrail_commit);
