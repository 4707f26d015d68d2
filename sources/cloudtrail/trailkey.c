/*
 * trailkey: keys are taken apart by their components; the file name has the last word.
 */
#include "trailkey.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { ACCOUNT_DIGITS = 12, ORG_MIN = 10, ORG_MAX = 32 };

static bool ends_with(const char *s, size_t len, const char *tail)
{
	size_t n = strlen(tail);

	return len >= n && memcmp(s + len - n, tail, n) == 0;
}

bool trailkey_is_account(const char *s, size_t len)
{
	if (len != ACCOUNT_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

bool trailkey_is_organisation(const char *s, size_t len)
{
	if (len < 2 + ORG_MIN || len > 2 + ORG_MAX || memcmp(s, "o-", 2) != 0)
		return false;
	for (size_t i = 2; i < len; i++)
		if (!isalnum((unsigned char)s[i]))
			return false;
	return true;
}

static bool is_time(const char *s, size_t len)
{
	if (len != TRAILKEY_TIME + 1 || s[8] != 'T' || s[TRAILKEY_TIME] != 'Z')
		return false;
	for (size_t i = 0; i < TRAILKEY_TIME; i++)
		if (i != 8 && (s[i] < '0' || s[i] > '9'))
			return false;
	return true;
}

/* The part of @s up to @end or the next @sep; *ret_len is its length. Returns what follows, or NULL. */
static const char *part(const char *s, const char *end, char sep, size_t *ret_len)
{
	const char *p = memchr(s, sep, (size_t)(end - s));

	*ret_len = (size_t)((p ? p : end) - s);
	return p ? p + 1 : NULL;
}

/* ACCOUNT_CloudTrail_REGION_TIME_RANDOM: whatever of it is there. */
static void parse_name(struct trailkey *k, const char *name, const char *end)
{
	const char *at[5];
	size_t len[5], n = 0;

	for (const char *p = name; p && n < 5; n++) {
		at[n] = p;
		p = part(p, end, '_', &len[n]);
	}
	if (n < 5 || strncmp(at[1], "CloudTrail", 10) != 0 || !is_time(at[3], len[3]))
		return;
	if (trailkey_is_account(at[0], len[0])) {
		k->account = at[0];
		k->account_len = len[0];
	}
	k->region = at[2];
	k->region_len = len[2];
	k->time = at[3];
	k->time_len = TRAILKEY_TIME;
}

static bool is(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(s, word, len) == 0;
}

/* The folders: the account before CloudTrail, the region behind it. */
static void parse_folders(struct trailkey *k, const char *key, const char *name)
{
	const char *before = NULL;
	size_t before_len = 0, len;

	for (const char *p = key, *next; p && p < name; before = p, before_len = len, p = next) {
		next = part(p, name, '/', &len);
		if (is(p, len, "CloudTrail-Digest"))
			k->kind = TRAILKEY_DIGEST;
		else if (is(p, len, "CloudTrail-Insight"))
			k->kind = TRAILKEY_INSIGHT;
		else if (!is(p, len, "CloudTrail"))
			continue;
		if (before && trailkey_is_account(before, before_len)) {
			k->account = before;
			k->account_len = before_len;
		}
		if (next && next < name) {
			k->region = next;
			(void)part(next, name, '/', &k->region_len);
		}
	}
}

struct trailkey trailkey_parse(const char *key)
{
	const char *slash = strrchr(key, '/'), *name = slash ? slash + 1 : key;
	struct trailkey k = {.kind = TRAILKEY_LOG};
	size_t len = strlen(key);

	parse_folders(&k, key, name);
	parse_name(&k, name, key + len);
	if (k.kind != TRAILKEY_DIGEST && !ends_with(key, len, ".json") &&
	    !ends_with(key, len, ".json.gz"))
		k.kind = TRAILKEY_OTHER;
	return k;
}

static bool is_listed(const char *const *list, const char *s, size_t len)
{
	if (!list || !*list || len == 0)
		return true;
	for (; *list; list++)
		if (is(s, len, *list))
			return true;
	return false;
}

const char *trailkey_unwanted(const struct trailkey_filter *f, const struct trailkey *k)
{
	if (k->kind == TRAILKEY_OTHER)
		return "neither .json nor .json.gz";
	if (k->kind == TRAILKEY_DIGEST)
		return "a digest";
	if (k->kind == TRAILKEY_INSIGHT && !f->wants_insights)
		return "Insights, which are not asked for (includeInsights)";
	if (!is_listed(f->accounts, k->account, k->account_len))
		return "of another account (s3AccountList)";
	if (!is_listed(f->regions, k->region, k->region_len))
		return "of another region (regions)";
	if (k->time_len == 0)
		return NULL;
	if ((*f->from && memcmp(k->time, f->from, TRAILKEY_TIME) < 0) ||
	    (*f->to && memcmp(k->time, f->to, TRAILKEY_TIME) > 0))
		return "outside of the interval (s3Interval)";
	return NULL;
}

void trailkey_time(uint64_t ns, char ret[TRAILKEY_TIME + 1])
{
	const time_t t = (time_t)(ns / 1000000000);
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	if (strftime(ret, TRAILKEY_TIME + 1, "%Y%m%dT%H%M", &tm) != TRAILKEY_TIME)
		ret[0] = '\0'; /* beyond the year 9999 */
}

uint32_t trailkey_minute(const struct trailkey *k)
{
	struct tm tm = {0};
	char text[TRAILKEY_TIME + 1];
	time_t t;

	if (k->time_len == 0)
		return 0;
	memcpy(text, k->time, TRAILKEY_TIME);
	text[TRAILKEY_TIME] = '\0';
	if (!strptime(text, "%Y%m%dT%H%M", &tm))
		return 0;
	t = timegm(&tm);
	return t > 0 ? (uint32_t)(t / 60) : 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void trailkey_decode(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		int hi = *s == '%' ? digit(s[1]) : -1, lo = hi >= 0 ? digit(s[2]) : -1;

		*to = *s == '+' ? ' ' : *s;
		if (lo < 0 || (hi == 0 && lo == 0))
			continue;
		*to = (char)(hi * 16 + lo);
		s += 2;
	}
	*to = '\0';
}
