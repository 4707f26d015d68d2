/*
 * cloudtrail: a source of AWS CloudTrail records, read from delivered log files: in a folder, in a bucket,
 * or as a queue names them.
 *
 * A delivery is a file with one object whose member "Records" is an array; a record becomes one
 * event with its original bytes. Files that hold records one a line, or in a bare array, are read
 * as well. Insights and records without a time or a type are left out, and counted.
 */
#include <string.h>

#include <gyr/json.h>
#include <gyr/plugin.h>

#include "cloud.h"
#include "logfeed.h"
#include "origin.h"

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
	struct cloud_stats cloud_stats;
	struct logfeed_kind kind;
	uint64_t maxEventBytes, maxObjectBytes, maxRatio;
	const char *stateDir;
	const char *SQSOwnerAccount;
	bool useS3SNS, useAsync;
	struct cloud_options cloud;
	struct gyr_json_reader *reader; /* for event_to_string */
	uint32_t ids[N_SHOWN];
};

struct instance {
	struct logfeed *feed; /* of a path, */
	struct cloud *cloud;  /* or of a bucket or a queue */
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

	if (!*s->cloud.sqsOwnerAccount)
		s->cloud.sqsOwnerAccount = s->SQSOwnerAccount;
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

static int open_path(struct gyr *p, struct instance *in, const char *path)
{
	struct cloudtrail *s = gyr_state(p);

	return logfeed_open(p,
			    &(struct logfeed_setup){.kind = &s->kind,
						    .stats = &s->stats,
						    .max_event_bytes = s->maxEventBytes,
						    .max_inflated_bytes = s->maxObjectBytes,
						    .max_ratio = s->maxRatio,
						    .state_dir = s->stateDir},
			    path, &in->feed);
}

static int open_cloud(struct gyr *p, struct instance *in, const struct origin *origin,
		      const char *params)
{
	struct cloudtrail *s = gyr_state(p);

	return cloud_open(p,
			  &(struct cloud_setup){.kind = &s->kind,
						.stats = &s->stats,
						.cloud_stats = &s->cloud_stats,
						.options = &s->cloud,
						.origin = origin,
						.limits = {.max_bytes = s->maxObjectBytes,
							   .max_ratio = s->maxRatio},
						.max_event_bytes = s->maxEventBytes,
						.state_dir = s->stateDir,
						.params = params},
			  &in->cloud);
}

static int cloudtrail_open(struct gyr *p, void *inst, const char *params)
{
	struct cloudtrail *s = gyr_state(p);
	struct origin origin;
	char why[256];
	int r = origin_parse(params, &origin, why, sizeof why);

	s->kind = kind;
	if (s->cloud.includeInsights)
		s->kind.left_out_type = NULL;
	if (r < 0)
		return gyr_fail(p, r, "open: %s", why);
	if (origin.kind == ORIGIN_PATH)
		return open_path(p, inst, params);
	return open_cloud(p, inst, &origin, params);
}

static void cloudtrail_close(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	in->feed = logfeed_close(in->feed);
	in->cloud = cloud_close(in->cloud);
}

static void cloudtrail_begin(struct gyr *p, void *inst)
{
	struct instance *in = inst;

	(void)p;
	if (in->cloud)
		cloud_begin(in->cloud);
}

static int cloudtrail_next(struct gyr *p, void *inst, struct gyr_batch *out)
{
	struct instance *in = inst;

	(void)p;
	return in->cloud ? cloud_next(in->cloud, out) : logfeed_next(in->feed, out);
}

static void cloudtrail_commit(struct gyr *p, void *inst, uint64_t evtnum)
{
	struct instance *in = inst;

	(void)p;
	if (in->cloud)
		cloud_commit(in->cloud, evtnum);
	else
		logfeed_commit(in->feed, evtnum);
}

static uint32_t cloudtrail_progress(struct gyr *p, void *inst, struct gyr_text *out)
{
	struct instance *in = inst;

	(void)p;
	return in->cloud ? cloud_progress(in->cloud, out) : logfeed_progress(in->feed, out);
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
	const struct cloudtrail *s = gyr_state(p);
	uint32_t n = logfeed_metrics(&s->stats, ret, cap);

	return n + cloud_metrics(&s->cloud_stats, ret + n, cap - n);
}

/* Options of buckets and queues; those of requests are inside `aws`. */
#define NUM(m, def, help, ...) \
	GYR_OPT_U64(struct cloudtrail, cloud.m, def, help, .key = #m, __VA_ARGS__)
#define TEXT(m, help) GYR_OPT_STR(struct cloudtrail, cloud.m, "", help, .key = #m)
#define FLAG(m, def, help) GYR_OPT_BOOL(struct cloudtrail, cloud.m, def, help, .key = #m)
#define AWS_TEXT(m, help) GYR_OPT_STR(struct cloudtrail, cloud.m, "", help, .key = "aws." #m)
#define AWS_FLAG(m, help) GYR_OPT_BOOL(struct cloudtrail, cloud.m, "false", help, .key = "aws." #m)

PLUGIN(.name = "cloudtrail", .version = "0.17.1", .description = "Records of AWS CloudTrail",
       .contact = "the Gyr project", .state_size = sizeof(struct cloudtrail),
       .init = cloudtrail_init, .destroy = cloudtrail_destroy, .metrics = cloudtrail_metrics,
       .options = (const struct gyr_option[]){
	       GYR_OPT_U64(struct cloudtrail, maxEventBytes, "16777216",
			   "bytes of one record; larger ones are skipped and counted", .min = 1024,
			   .max = 1 << 30),
	       GYR_OPT_U64(struct cloudtrail, maxObjectBytes, "1073741824",
			   "bytes that one gzip file may unpack to, or one object may have",
			   .min = 1),
	       GYR_OPT_U64(struct cloudtrail, maxRatio, "200",
			   "how many times its size a gzip file may unpack to", .min = 1),
	       GYR_OPT_STR(struct cloudtrail, stateDir, "",
			   "folder where it is kept how far the logs are finished; none: each run "
			   "reads all"),
	       NUM(s3DownloadConcurrency, "32", "objects read at once", .min = 1, .max = 1024),
	       TEXT(s3Interval,
		    "s3://: only files of this time, by their names: 5d, 5d-2d, RFC 3339 times"),
	       TEXT(s3AccountList, "only these accounts, twelve digits each, with commas between"),
	       FLAG(sqsDelete, "true",
		    "messages are deleted when all their records are finished; false: never"),
	       GYR_OPT_BOOL(struct cloudtrail, useS3SNS, "false",
			    "accepted and ignored: who sent a message is told by its shape"),
	       TEXT(sqsOwnerAccount, "account that the queue belongs to"),
	       GYR_OPT_STR(struct cloudtrail, SQSOwnerAccount, "",
			   "the same, as older descriptions spell it"),
	       GYR_OPT_BOOL(struct cloudtrail, useAsync, "true", "accepted and ignored"),
	       GYR_OPT_STRS(struct cloudtrail, cloud.regions, NULL, "only these regions",
			    .key = "regions"),
	       FLAG(includeInsights, "false", "Insights are events, too"),
	       NUM(inflightBytes, "67108864", "bytes of records on their way before reading waits",
		   .min = 65536),
	       NUM(sqsMessages, "10", "messages that are asked for at once", .min = 1, .max = 10),
	       NUM(sqsWait, "20", "seconds that the queue waits for a message", .max = 20),
	       NUM(sqsVisibility, "300",
		   "seconds that a message is ours; extended while it is worked on", .min = 2,
		   .max = 43200),
	       NUM(sqsMaxReceive, "5",
		   "how often a message that cannot be understood is received before it is deleted",
		   .min = 1),
	       NUM(sqsReceivers, "2", "receives at once", .min = 1, .max = 16),
	       FLAG(follow, "false", "s3://: does not end, but looks for new objects"),
	       NUM(s3Poll, "60", "follow: seconds between two rounds", .min = 1, .max = 86400),
	       NUM(lookback, "3600",
		   "follow: seconds that an object may come later than a newer one",
		   .max = 31536000),
	       TEXT(startPosition,
		    "follow, at first: now, beginning, a span back (5d) or an RFC 3339 time; "
		    "none: the beginning of s3Interval, or now"),
	       AWS_TEXT(profile, "profile of the shared configuration"),
	       AWS_TEXT(region, "region, in place of that of environment and profile"),
	       AWS_TEXT(config, "file in place of ~/.aws/config"),
	       AWS_TEXT(credentials, "file in place of ~/.aws/credentials"),
	       AWS_TEXT(endpoint, "URL in place of that of S3, and of the others without one"),
	       AWS_TEXT(endpoint_sqs, "URL in place of that of SQS"),
	       AWS_TEXT(endpoint_sts, "URL in place of that of STS"),
	       AWS_TEXT(role_arn, "role to take on"),
	       AWS_TEXT(external_id, "external ID that the role asks for"),
	       AWS_TEXT(session_name, "name of the session of that role"),
	       AWS_FLAG(use_fips, "FIPS endpoints"),
	       AWS_FLAG(use_dualstack, "endpoints with IPv6"),
	       AWS_FLAG(path_style, "buckets in the path of requests, not in the host"),
	       GYR_OPT_U64(struct cloudtrail, cloud.max_retries, "10",
			   "how often a request is sent again", .key = "aws.max_retries",
			   .max = 1000),
	       AWS_TEXT(imds, "off, or the URL of the metadata service of the instance"),
	       AWS_TEXT(ca_file, "authorities to trust, in place of the system's"),
	       AWS_TEXT(proxy, "URL of a proxy"),
	       {0}});
PLUGIN_SOURCE(.id = 2, .name = "aws_cloudtrail", .instance_size = sizeof(struct instance),
	      .open = cloudtrail_open, .close = cloudtrail_close, .begin = cloudtrail_begin,
	      .next = cloudtrail_next, .progress = cloudtrail_progress,
	      .to_string = cloudtrail_to_string);
PLUGIN_SOURCE_COMMIT(cloudtrail_commit);
