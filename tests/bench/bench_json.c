/*
 * bench_json: J1, twelve fields of audit events: our scanner against json-c.
 *
 * Both run in this process, interleaved, over the same generated events (bench_events.h); a sum
 * over the values found must be equal. Prints the median ratio of each kind and, last, "J1 <ratio>"
 * with the smaller one. Exit status 1 when the sums differ, or when the ratio is below an argument
 * given.
 */
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_events.h"
#include "gyr/json.h"

enum { ROUNDS = 9, N_FIELDS = 12 };

struct workload {
	const char *name;
	void (*make)(struct bench_events *e);
	const char *fields[N_FIELDS];
};

static const struct workload workloads[] = {
	{.name = "cloudtrail",
	 .make = bench_cloudtrail,
	 .fields = {"/eventName", "/eventSource", "/awsRegion", "/sourceIPAddress", "/userAgent",
		    "/errorCode", "/userIdentity/type", "/userIdentity/arn",
		    "/userIdentity/userName", "/requestParameters/bucketName",
		    "/requestParameters/key", "/recipientAccountId"}},
	{.name = "k8s_audit",
	 .make = bench_k8saudit,
	 .fields = {"/auditID", "/stage", "/verb", "/user/username", "/objectRef/resource",
		    "/objectRef/namespace", "/objectRef/name", "/objectRef/subresource",
		    "/responseStatus/code", "/requestObject/spec/hostNetwork",
		    "/requestObject/spec/containers/0/image", "/userAgent"}},
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Sum over one value; order and place count. */
static uint64_t mix(uint64_t sum, const char *p, size_t len)
{
	uint64_t first = len ? (unsigned char)p[0] : 0, last = len ? (unsigned char)p[len - 1] : 0;

	return sum * 31 + len * 65599 + first * 257 + last;
}

static uint64_t run_ours(const struct bench_events *e, const struct workload *w,
			 struct gyr_json_reader *r)
{
	uint64_t sum = 0;

	(void)w;
	for (uint32_t i = 0; i < e->n; i++) {
		(void)gyr_json_reader_load(r, e->text[i], e->len[i]);
		for (uint32_t f = 0; f < N_FIELDS; f++) {
			struct gyr_json v;

			if (!gyr_json_reader_get(r, f, &v) && v.type != GYR_JSON_ABSENT)
				sum = mix(sum, v.p, v.len);
		}
	}
	return sum;
}

/* Follows the parts of a pointer, split beforehand as a plain user of json-c would. */
struct steps {
	const char *part[8];
	size_t index[8];
	uint32_t n;
	char text[128];
};

static void steps_init(struct steps *s, const char *pointer)
{
	char *save = NULL;

	(void)snprintf(s->text, sizeof s->text, "%s", pointer);
	s->n = 0;
	for (char *p = strtok_r(s->text, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		s->index[s->n] = strtoul(p, NULL, 10);
		s->part[s->n++] = p;
	}
}

static struct json_object *steps_follow(const struct steps *s, struct json_object *at)
{
	for (uint32_t i = 0; at && i < s->n; i++) {
		if (json_object_is_type(at, json_type_array))
			at = json_object_array_get_idx(at, s->index[i]);
		else if (!json_object_object_get_ex(at, s->part[i], &at))
			return NULL;
	}
	return at;
}

static uint64_t run_jsonc(const struct bench_events *e, const struct steps *steps,
			  struct json_tokener *tok)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		struct json_object *doc;

		json_tokener_reset(tok);
		doc = json_tokener_parse_ex(tok, e->text[i], (int)e->len[i]);
		for (uint32_t f = 0; f < N_FIELDS; f++) {
			struct json_object *v = steps_follow(steps + f, doc);
			const char *text;

			if (!v)
				continue;
			text = json_object_get_string(v);
			sum = mix(sum, text, strlen(text));
		}
		json_object_put(doc);
	}
	return sum;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median ratio; -1 when the sums differ. */
static double run(const struct workload *w)
{
	struct bench_events e;
	struct gyr_json_reader *r = gyr_json_reader_new();
	struct json_tokener *tok = json_tokener_new();
	struct steps steps[N_FIELDS];
	double ratio[ROUNDS], ours[ROUNDS], theirs[ROUNDS];
	bool equal = true;

	w->make(&e);
	for (uint32_t f = 0; f < N_FIELDS; f++) {
		uint32_t id;

		steps_init(steps + f, w->fields[f]);
		if (gyr_json_reader_add(r, w->fields[f], strlen(w->fields[f]), &id) || id != f)
			return -1;
	}
	for (int i = -1; i < ROUNDS; i++) {
		uint64_t t0 = now_ns(), a = 0, t1, b, t2;

		for (int k = 0; k < 8; k++)
			a = run_ours(&e, w, r);
		t1 = now_ns();
		b = run_jsonc(&e, steps, tok);
		t2 = now_ns();
		equal = equal && a == b;
		if (i < 0)
			continue; /* warm-up */
		ours[i] = (double)(t1 - t0) / 8 / e.n;
		theirs[i] = (double)(t2 - t1) / e.n;
		ratio[i] = theirs[i] / ours[i];
	}
	qsort(ours, ROUNDS, sizeof *ours, compare);
	qsort(theirs, ROUNDS, sizeof *theirs, compare);
	qsort(ratio, ROUNDS, sizeof *ratio, compare);
	printf("%-10s %u events, %zu bytes each: %.0f ns, json-c %.0f ns, ratio %.1f%s\n", w->name,
	       e.n, e.total / e.n, ours[ROUNDS / 2], theirs[ROUNDS / 2], ratio[ROUNDS / 2],
	       equal ? "" : ", SUMS DIFFER");
	json_tokener_free(tok);
	gyr_json_reader_free(r);
	bench_events_free(&e);
	return equal ? ratio[ROUNDS / 2] : -1;
}

int main(int argc, char **argv)
{
	double worst = 0;

	for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
		double ratio = run(workloads + i);

		if (ratio < 0)
			return 1;
		if (i == 0 || ratio < worst)
			worst = ratio;
	}
	printf("J1 %.1f\n", worst);
	return argc > 1 && worst < strtod(argv[1], NULL) ? 1 : 0;
}
