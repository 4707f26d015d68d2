/*
 * scope: what a prefix is, by its components behind AWSLogs.
 */
#include "scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finished.h"

enum { MAX_PARTS = 5 };

struct part {
	const char *p;
	size_t len;
};

static bool is(const struct part *x, const char *word)
{
	return x->len == strlen(word) && memcmp(x->p, word, x->len) == 0;
}

/* The components behind the last AWSLogs. -1: there is none, or the prefix does not end with '/'. */
static int behind_logs(const char *prefix, struct part parts[MAX_PARTS + 1])
{
	int n = -1;

	for (const char *p = prefix, *slash; *p; p = slash + 1) {
		struct part x = {.p = p};

		slash = strchr(p, '/');
		if (!slash)
			return -1;
		x.len = (size_t)(slash - p);
		if (is(&x, "AWSLogs"))
			n = 0;
		else if (n >= 0 && n <= MAX_PARTS)
			parts[n++] = x;
	}
	return n;
}

enum scope_level scope_level(const char *prefix)
{
	struct part parts[MAX_PARTS + 1], *x = parts;
	int n = behind_logs(prefix, parts);

	if (n > 0 && trailkey_is_organisation(x->p, x->len)) {
		x++;
		n--;
	}
	if (n == 0)
		return SCOPE_ACCOUNTS;
	if (n < 0 || n > 3 || !trailkey_is_account(x->p, x->len))
		return SCOPE_WHOLE;
	if (n == 1)
		return SCOPE_ACCOUNT;
	if (!is(&x[1], "CloudTrail") && !is(&x[1], "CloudTrail-Insight"))
		return SCOPE_WHOLE;
	return n == 2 ? SCOPE_REGIONS : SCOPE_DAYS;
}

struct scope *scope_new(const char *bucket, const char *prefix, enum scope_level level)
{
	struct scope *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->level = level;
	s->hash = finished_hash(bucket, prefix);
	s->prefix = strdup(prefix);
	return s->prefix ? s : scope_free(s);
}

struct scope *scope_free(struct scope *s)
{
	if (!s)
		return NULL;
	free(s->prefix);
	free(s);
	return NULL;
}

/* PREFIX YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHMM: before all names of that minute. */
void scope_start_at(struct scope *s, uint32_t minute)
{
	struct part parts[MAX_PARTS + 1];
	int n = behind_logs(s->prefix, parts);
	char t[TRAILKEY_TIME + 1];

	if (s->level != SCOPE_DAYS || minute == 0 || n < 3)
		return;
	trailkey_time((uint64_t)minute * 60 * 1000000000, t);
	(void)snprintf(s->after, sizeof s->after, "%s%.4s/%.2s/%.2s/%.*s_%.*s_%.*s_%s", s->prefix,
		       t, t + 4, t + 6, (int)parts[n - 3].len, parts[n - 3].p,
		       (int)parts[n - 2].len, parts[n - 2].p, (int)parts[n - 1].len, parts[n - 1].p,
		       t);
}
