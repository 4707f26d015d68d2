/*
 * The sources that read logs, loaded as plugins: whatever a file holds, the records around it come
 * through, and what does not is counted. All input is made here, at run time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <gyr/abi.h>

/* ---- a host, as small as can be ---- */

struct api {
	void *lib;
	ss_plugin_t *(*init)(const ss_plugin_init_input *, ss_plugin_rc *);
	void (*destroy)(ss_plugin_t *);
	const char *(*error)(ss_plugin_t *);
	ss_instance_t *(*open)(ss_plugin_t *, const char *, ss_plugin_rc *);
	void (*close)(ss_plugin_t *, ss_instance_t *);
	ss_plugin_rc (*next)(ss_plugin_t *, ss_instance_t *, uint32_t *, ss_plugin_event ***);
	const char *(*progress)(ss_plugin_t *, ss_instance_t *, uint32_t *);
	const char *(*to_string)(ss_plugin_t *, const ss_plugin_event_input *);
	ss_plugin_metric *(*metrics)(ss_plugin_t *, uint32_t *);
};

struct run {
	ss_plugin_rc rc; /* of open */
	char error[PLUGIN_MAX_ERRLEN];
	uint64_t n_events, n_bytes, last_ts, n_log;
	char last[256], shown[256]; /* the last event, and its one line */
	struct {
		char name[64];
		uint64_t value;
	} metrics[32];
	uint32_t n_metrics;
};

static uint64_t n_log_lines;

static void on_log(ss_plugin_owner_t *o, const char *component, const char *msg,
		   ss_plugin_log_severity sev)
{
	(void)o;
	(void)component;
	(void)sev;
	assert_non_null(msg);
	n_log_lines++;
}

static void *sym(void *lib, const char *name)
{
	void *p = dlsym(lib, name);

	assert_non_null(p);
	return p;
}

static struct api load(const char *name)
{
	char path[PATH_MAX];
	struct api a = {0};

	(void)snprintf(path, sizeof path, "%s/plugins/%s.so", BINARY_DIR, name);
	a.lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!a.lib)
		fail_msg("%s", dlerror());
	*(void **)&a.init = sym(a.lib, "plugin_init");
	*(void **)&a.destroy = sym(a.lib, "plugin_destroy");
	*(void **)&a.error = sym(a.lib, "plugin_get_last_error");
	*(void **)&a.open = sym(a.lib, "plugin_open");
	*(void **)&a.close = sym(a.lib, "plugin_close");
	*(void **)&a.next = sym(a.lib, "plugin_next_batch");
	*(void **)&a.progress = sym(a.lib, "plugin_get_progress");
	*(void **)&a.to_string = sym(a.lib, "plugin_event_to_string");
	*(void **)&a.metrics = sym(a.lib, "plugin_get_metrics");
	return a;
}

static void see(struct run *r, const struct api *a, ss_plugin_t *s, const ss_plugin_event *e)
{
	const char *data = (const char *)e + PLUGIN_EVENT_PAYLOAD_OFFSET;
	size_t len = e->len - PLUGIN_EVENT_PAYLOAD_OFFSET;
	ss_plugin_event_input in = {.evt = e, .evtnum = ++r->n_events, .evtsrc = "x"};
	const char *text;

	assert_int_equal(e->type, GYR_EVENT_PLUGIN);
	r->n_bytes += len;
	r->last_ts = e->ts;
	(void)snprintf(r->last, sizeof r->last, "%.*s", (int)(len < 255 ? len : 255), data);
	if (len > 4096)
		return;
	text = a->to_string(s, &in);
	(void)snprintf(r->shown, sizeof r->shown, "%s", text ? text : "");
}

static void pull(struct run *r, const struct api *a, ss_plugin_t *s, ss_instance_t *h)
{
	ss_plugin_event **events;
	uint32_t n, pct = 0, last_pct = 0;
	ss_plugin_rc rc;

	do {
		n = 0;
		rc = a->next(s, h, &n, &events);
		assert_int_not_equal(rc, SS_PLUGIN_FAILURE);
		for (uint32_t i = 0; i < n; i++)
			see(r, a, s, events[i]);
		(void)a->progress(s, h, &pct);
		assert_in_range(pct, last_pct, 10000);
		last_pct = pct;
	} while (rc != SS_PLUGIN_EOF);
	assert_int_equal(pct, 10000);
}

static struct run run(const char *plugin, const char *config, const char *path)
{
	const struct api a = load(plugin);
	const ss_plugin_init_input in = {.config = config, .log_fn = on_log};
	struct run r = {0};
	ss_plugin_rc rc;
	ss_plugin_t *s = a.init(&in, &rc);
	ss_instance_t *h;
	ss_plugin_metric *m;

	assert_int_equal(rc, SS_PLUGIN_SUCCESS);
	n_log_lines = 0;
	h = a.open(s, path, &r.rc);
	if (r.rc == SS_PLUGIN_SUCCESS)
		pull(&r, &a, s, h);
	else
		(void)snprintf(r.error, sizeof r.error, "%s", a.error(s));
	if (h)
		a.close(s, h);
	m = a.metrics(s, &r.n_metrics);
	for (uint32_t i = 0; i < r.n_metrics; i++) {
		(void)snprintf(r.metrics[i].name, sizeof r.metrics[i].name, "%s", m[i].name);
		r.metrics[i].value = m[i].value.u64;
	}
	a.destroy(s);
	r.n_log = n_log_lines;
	return r;
}

static uint64_t metric(const struct run *r, const char *name)
{
	for (uint32_t i = 0; i < r->n_metrics; i++) {
		if (strcmp(r->metrics[i].name, name) == 0)
			return r->metrics[i].value;
	}
	return 0;
}

/* ---- files ---- */

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(in_dir(name), "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void put_gzip(const char *name, const char *mode, const void *data, size_t len)
{
	gzFile f = gzopen(in_dir(name), mode);

	assert_non_null(f);
	assert_int_equal(gzwrite(f, data, (unsigned)len), (int)len);
	assert_int_equal(gzclose(f), Z_OK);
}

static int make_dir(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof dir, "/tmp/gyr-logsources-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int remove_dir(void **state)
{
	(void)state;
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define CT(n)                                                                                   \
	"{\"eventTime\":\"2023-07-10T12:34:5" #n "Z\",\"eventType\":\"AwsApiCall\","            \
	"\"awsRegion\":\"us-east-1\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"N" #n \
	"\",\"userIdentity\":{\"userName\":\"bob\"},\"sourceIPAddress\":\"192.0.2.1\"}"
#define KA(n) "{\"auditID\":\"" #n "\",\"stageTimestamp\":\"2023-07-10T12:34:5" #n ".25Z\"}"

/* ---- claims ---- */

static void test_cloudtrail_reads_a_delivery_and_keeps_its_bytes(void **state)
{
	struct run r;

	(void)state;
	put_text("a.json", "{\"Records\":[" CT(1) ",\n" CT(2) "]}");
	r = run("cloudtrail", "{}", in_dir("a.json"));
	assert_int_equal(r.rc, SS_PLUGIN_SUCCESS);
	assert_int_equal(r.n_events, 2);
	assert_int_equal(r.last_ts, 1688992492000000000U);
	assert_string_equal(r.last, CT(2));
	assert_string_equal(r.shown, "us-east-1 [bob] s3 N2 from 192.0.2.1");
	assert_int_equal(metric(&r, "events"), 2);
	assert_int_equal(metric(&r, "files"), 1);
	assert_int_equal(r.n_log, 0);
}

static void test_cloudtrail_leaves_out_by_cause(void **state)
{
	struct run r;

	(void)state;
	put_text("a.json",
		 "{\"Records\":[" CT(1) ",{\"eventType\":\"x\"},"
					"{\"eventTime\":\"2023-07-10T12:34:56Z\"},"
					"{\"eventTime\":\"2023-07-10T12:34:56Z\",\"eventType\":"
					"\"AwsCloudTrailInsight\"},"
					"{\"eventTime\":\"yesterday\",\"eventType\":\"x\"}]}");
	r = run("cloudtrail", "{}", in_dir("a.json"));
	assert_int_equal(r.n_events, 1);
	assert_int_equal(metric(&r, "skipped_no_time"), 2);
	assert_int_equal(metric(&r, "skipped_no_type"), 1);
	assert_int_equal(metric(&r, "skipped_by_type"), 1);
}

static void test_a_directory_is_walked_in_order_and_loops_end(void **state)
{
	struct run r;

	(void)state;
	assert_int_equal(mkdir(in_dir("b"), 0700), 0);
	put_text("b/2.json", CT(2));
	put_text("a.json", CT(1));
	put_text("ignored.txt", CT(3));
	put_gzip("c.json.gz", "wb", CT(4), strlen(CT(4)));
	assert_int_equal(symlink(dir, in_dir("b/loop")), 0);
	assert_int_equal(symlink("dangling", in_dir("b/gone.json")), 0);
	assert_int_equal(mkfifo(in_dir("b/pipe.json"), 0600), 0);
	r = run("cloudtrail", "{}", dir);
	assert_int_equal(r.n_events, 3);
	assert_string_equal(r.last, CT(4));
	assert_int_equal(metric(&r, "skipped_links"), 1);
	assert_int_equal(metric(&r, "skipped_special"), 1);
	assert_int_equal(metric(&r, "files_failed"), 1);
}

static void test_open_says_what_is_wrong(void **state)
{
	static const struct {
		const char *plugin, *path, *says;
	} rows[] = {
		{"cloudtrail", "/no/such/place", "'/no/such/place': No such file or directory"},
		{"cloudtrail", "/dev/null", "neither a file nor a directory"},
		{"cloudtrail", "s3:///x", "no name of a bucket"},
		{"cloudtrail", "sqs://a b", "no name of a queue"},
		{"k8saudit", "https://:99999/k8s-audit", "port"},
		{"k8saudit", "file:///no/such/audit.log", "No such file"},
		{"k8saudit", "file:///dev", "no file that could be followed"},
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		r = run(rows[i].plugin, "{}", rows[i].path);
		assert_int_equal(r.rc, SS_PLUGIN_FAILURE);
		assert_non_null(strstr(r.error, rows[i].says));
	}
	r = run("cloudtrail", "{}", dir);
	assert_int_equal(r.rc, SS_PLUGIN_FAILURE);
	assert_non_null(strstr(r.error, "no log files"));
}

static void test_k8saudit_reads_every_shape_and_takes_out_blanks(void **state)
{
	struct run r;

	(void)state;
	put_text("1.log", KA(1) "\n" KA(2) "\n");
	put_text("2.json", "{\"kind\":\"EventList\",\"items\":[" KA(3) "," KA(4) "]}");
	put_text("3.json", "[" KA(5) ",{\"items\":[" KA(6) "]}]");
	put_text("4.json", "{\n  \"auditID\" : \"a b\",\n  \"stageTimestamp\" : "
			   "\"2023-07-10T12:34:57.5Z\"\n}\n");
	put_text("5.json", "{\"auditID\":\"no time\"}");
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 7);
	assert_int_equal(metric(&r, "skipped_no_time"), 1);
	r = run("k8saudit", "", in_dir("4.json"));
	assert_string_equal(r.last, "{\"auditID\":\"a b\",\"stageTimestamp\":"
				    "\"2023-07-10T12:34:57.5Z\"}");
	assert_int_equal(r.last_ts, 1688992497500000000U);
	assert_string_equal(r.shown, r.last);
}

static void test_broken_text_costs_its_own_record_only(void **state)
{
	static const char text[] = KA(1) "\n{\"auditID\":\"cut\n" KA(2) "\nnonsense\n" KA(
		3) "\n\0\0\0\n{\"auditID\":\"\xff\xfe\",\"stageTimestamp\":"
		   "\"2023-07-10T12:34:54Z\"}\n" KA(5) "\n{\"audit";
	struct run r;

	(void)state;
	put("a.log", text, sizeof text - 1);
	put("b.log", "", 0);
	put_text("c.log", KA(6));
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 6);
	assert_int_equal(metric(&r, "skipped_malformed"), 4);
	assert_int_equal(metric(&r, "invalid_bytes"), 1);
	assert_int_equal(metric(&r, "files"), 3);
	assert_int_equal(r.n_log, 5);
}

static void test_log_lines_have_a_bound_and_counters_do_not(void **state)
{
	char text[4000];
	struct run r;

	(void)state;
	for (size_t i = 0; i < sizeof text; i += 5)
		memcpy(text + i, "x\n{}\n", 5);
	put("a.log", text, sizeof text);
	r = run("k8saudit", "", dir);
	assert_int_equal(metric(&r, "skipped_malformed"), 800);
	assert_int_equal(metric(&r, "skipped_no_time"), 800);
	assert_int_equal(r.n_log, 21);
}

static void test_a_very_long_line_is_skipped_and_the_rest_read(void **state)
{
	const size_t len = 50 << 20;
	char *text = malloc(len + 4096);
	size_t n;
	struct run r;

	(void)state;
	assert_non_null(text);
	n = (size_t)snprintf(text, 4096, "%s\n{\"auditID\":\"", KA(1));
	memset(text + n, 'x', len);
	n += len;
	n += (size_t)snprintf(text + n, 4096, "\"}\n%s\n", KA(2));
	put("a.log", text, n);
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 2);
	assert_int_equal(metric(&r, "skipped_too_large"), 1);
	r = run("k8saudit", "{\"maxEventSize\":67108864}", dir);
	assert_int_equal(r.n_events, 2); /* large enough now, but it has no time */
	assert_int_equal(metric(&r, "skipped_no_time"), 1);
	free(text);
}

static void test_a_large_event_passes(void **state)
{
	const size_t len = 1800000;
	char *text = malloc(len + 4096);
	size_t n;
	struct run r;

	(void)state;
	assert_non_null(text);
	n = (size_t)snprintf(text, 4096, "{\"items\":[{\"auditID\":\"");
	memset(text + n, 'x', len);
	n += len;
	n += (size_t)snprintf(text + n, 4096,
			      "\",\"stageTimestamp\":\"2023-07-10T12:34:54Z\"},%s]}", KA(2));
	put_gzip("a.gz", "wb", text, 0);
	put("a.json", text, n);
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 2);
	assert_true(r.n_bytes > len);
	free(text);
}

static void test_gzip_members_follow_one_another(void **state)
{
	struct run r;

	(void)state;
	put_gzip("a.gz", "wb", KA(1) "\n{\"audit", strlen(KA(1)) + 8);
	put_gzip("a.gz", "ab", "ID\":\"2\",\"stageTimestamp\":\"2023-07-10T12:34:52Z\"}\n", 49);
	put_gzip("a.gz", "ab", KA(3), strlen(KA(3)));
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 3);
	assert_int_equal(r.n_log, 0);
}

static void test_a_gzip_bomb_is_given_up(void **state)
{
	char *zeros = calloc(1, 64 << 20);
	struct run r;

	(void)state;
	assert_non_null(zeros);
	memset(zeros, ' ', 64 << 20);
	put_gzip("a.gz", "wb9", KA(1), strlen(KA(1)));
	put_gzip("a.gz", "ab9", zeros, 64 << 20);
	put_text("b.log", KA(2));
	r = run("k8saudit", "", dir);
	assert_int_equal(r.n_events, 2);
	assert_int_equal(metric(&r, "files_failed"), 1);
	assert_true(metric(&r, "bytes") < 34 << 20);
	r = run("k8saudit", "{\"maxInflatedBytes\":1000,\"maxRatio\":1000000}", dir);
	assert_int_equal(metric(&r, "files_failed"), 1);
	free(zeros);
}

static void test_damaged_gzip_delivers_what_comes_before(void **state)
{
	static char text[200000], packed[200000];
	size_t n = 0, len;
	struct run whole, r;
	FILE *f;

	(void)state;
	for (unsigned i = 0; n + 100 < sizeof text; i++)
		n += (size_t)snprintf(text + n, 100,
				      "{\"auditID\":\"%08x\",\"stageTimestamp\":"
				      "\"2023-07-10T12:34:52Z\"}\n",
				      i * 2654435761U);
	put_gzip("a.gz", "wb", text, n);
	whole = run("k8saudit", "", dir);
	f = fopen(in_dir("a.gz"), "re");
	assert_non_null(f);
	len = fread(packed, 1, sizeof packed, f);
	assert_int_equal(fclose(f), 0);
	put("a.gz", packed, len / 2);
	r = run("k8saudit", "", dir);
	assert_in_range(r.n_events, whole.n_events / 4, whole.n_events - 1);
	assert_int_equal(metric(&r, "files_failed"), 1);
	packed[len / 2] = (char)~packed[len / 2];
	put("a.gz", packed, len);
	put_text("b.log", KA(2));
	r = run("k8saudit", "", dir);
	assert_in_range(r.n_events, whole.n_events / 4, whole.n_events + 1);
	assert_int_equal(metric(&r, "files_failed"), 1);
	assert_string_equal(r.last, KA(2));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cloudtrail_reads_a_delivery_and_keeps_its_bytes),
		TEST(test_cloudtrail_leaves_out_by_cause),
		TEST(test_a_directory_is_walked_in_order_and_loops_end),
		TEST(test_open_says_what_is_wrong),
		TEST(test_k8saudit_reads_every_shape_and_takes_out_blanks),
		TEST(test_broken_text_costs_its_own_record_only),
		TEST(test_log_lines_have_a_bound_and_counters_do_not),
		TEST(test_a_very_long_line_is_skipped_and_the_rest_read),
		TEST(test_a_large_event_passes),
		TEST(test_gzip_members_follow_one_another),
		TEST(test_a_gzip_bomb_is_given_up),
		TEST(test_damaged_gzip_delivers_what_comes_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
