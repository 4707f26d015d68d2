#include "sign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "text.h"

enum { HASH = 32, DAY = 8 };

static void to_hex(const unsigned char *bytes, size_t n, char *ret)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		ret[2 * i] = hex[bytes[i] >> 4];
		ret[2 * i + 1] = hex[bytes[i] & 15];
	}
	ret[2 * n] = '\0';
}

void aws_sha256_hex(const void *bytes, size_t n, char ret[AWS_HASH_HEX])
{
	unsigned char hash[EVP_MAX_MD_SIZE];

	ret[0] = '\0';
	if (EVP_Digest(n ? bytes : "", n, hash, NULL, EVP_sha256(), NULL) == 1)
		to_hex(hash, HASH, ret);
}

/* ---- the query ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void aws_sign_query(struct aws_text *t, const struct aws_pair *pairs, size_t n)
{
	char **words = calloc(n + 1, sizeof *words);

	t->failed = t->failed || !words;
	for (size_t i = 0; i < n && !t->failed; i++) {
		struct aws_text w = {.max = t->max};

		aws_text_encode(&w, pairs[i].name, strlen(pairs[i].name), false);
		/* Sorted by name, then value: what separates them must sort below all others. */
		aws_text_add(&w, "\1", 1);
		if (pairs[i].value)
			aws_text_encode(&w, pairs[i].value, strlen(pairs[i].value), false);
		t->failed = w.failed;
		words[i] = w.p;
	}
	if (!t->failed)
		qsort(words, n, sizeof *words, by_name);
	for (size_t i = 0; i < n && !t->failed; i++) {
		*strchr(words[i], '\1') = '=';
		if (i)
			aws_text_add(t, "&", 1);
		aws_text_puts(t, words[i]);
	}
	for (size_t i = 0; words && i < n; i++)
		aws_wipe(words[i]);
	free(words);
}

/* ---- the canonical request ---- */

struct headers {
	struct aws_pair h[AWS_SIGN_HEADERS];
	size_t n;
};

static int by_header(const void *a, const void *b)
{
	return strcasecmp(((const struct aws_pair *)a)->name, ((const struct aws_pair *)b)->name);
}

static void add_header(struct headers *hs, const char *name, const char *value)
{
	hs->h[hs->n++] = (struct aws_pair){name, value};
}

static int collect_headers(const struct aws_sign_request *rq, const char *date, struct headers *hs)
{
	if (rq->n_headers > AWS_SIGN_HEADERS - 4)
		return -E2BIG;
	for (size_t i = 0; i < rq->n_headers; i++)
		add_header(hs, rq->headers[i].name, rq->headers[i].value);
	add_header(hs, "host", rq->host);
	add_header(hs, "x-amz-date", date);
	if (!rq->omit_payload_hash)
		add_header(hs, "x-amz-content-sha256", rq->payload_hash);
	if (rq->keys->token)
		add_header(hs, "x-amz-security-token", rq->keys->token);
	qsort(hs->h, hs->n, sizeof hs->h[0], by_header);
	return 0;
}

static void add_lower(struct aws_text *t, const char *name)
{
	for (; *name; name++) {
		const char c = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;

		aws_text_add(t, &c, 1);
	}
}

/* Without blanks around it, and one where there are several inside. */
static void add_trimmed(struct aws_text *t, const char *value)
{
	bool is_open = false;

	for (value += strspn(value, " \t"); *value; value++) {
		if (*value == ' ' || *value == '\t') {
			is_open = true;
			continue;
		}
		if (is_open)
			aws_text_add(t, " ", 1);
		is_open = false;
		aws_text_add(t, value, 1);
	}
}

static void add_names(struct aws_text *t, const struct headers *hs)
{
	for (size_t i = 0; i < hs->n; i++) {
		if (i)
			aws_text_add(t, ";", 1);
		add_lower(t, hs->h[i].name);
	}
}

static void add_canonical(struct aws_text *t, const struct aws_sign_request *rq,
			  const struct headers *hs)
{
	aws_text_puts(t, rq->method);
	aws_text_add(t, "\n", 1);
	aws_text_puts(t, rq->path);
	aws_text_add(t, "\n", 1);
	aws_text_puts(t, rq->query);
	aws_text_add(t, "\n", 1);
	for (size_t i = 0; i < hs->n; i++) {
		add_lower(t, hs->h[i].name);
		aws_text_add(t, ":", 1);
		add_trimmed(t, hs->h[i].value);
		aws_text_add(t, "\n", 1);
	}
	aws_text_add(t, "\n", 1);
	add_names(t, hs);
	aws_text_add(t, "\n", 1);
	aws_text_puts(t, rq->payload_hash);
}

/* ---- the signature ---- */

static bool mac(const void *key, size_t key_len, const void *bytes, size_t n,
		unsigned char ret[EVP_MAX_MD_SIZE])
{
	return HMAC(EVP_sha256(), key, (int)key_len, bytes, n, ret, NULL) != NULL;
}

static bool make_key(const struct aws_sign_request *rq, const char *date,
		     unsigned char key[EVP_MAX_MD_SIZE])
{
	struct aws_text first = {0};
	bool ok;

	aws_text_puts(&first, "AWS4");
	aws_text_puts(&first, rq->keys->secret);
	ok = !first.failed && mac(first.p, first.len, date, DAY, key) &&
	     mac(key, HASH, rq->region, strlen(rq->region), key) &&
	     mac(key, HASH, rq->service, strlen(rq->service), key) &&
	     mac(key, HASH, "aws4_request", 12, key);
	aws_text_free(&first);
	return ok;
}

static void add_scope(struct aws_text *t, const struct aws_sign_request *rq, const char *date)
{
	aws_text_add(t, date, DAY);
	aws_text_add(t, "/", 1);
	aws_text_puts(t, rq->region);
	aws_text_add(t, "/", 1);
	aws_text_puts(t, rq->service);
	aws_text_puts(t, "/aws4_request");
}

static int write_authorization(const struct aws_sign_request *rq, const struct headers *hs,
			       const char *mac_hex, struct aws_signature *ret)
{
	struct aws_text t = {.max = sizeof ret->authorization - 1};
	int r = 0;

	aws_text_puts(&t, "AWS4-HMAC-SHA256 Credential=");
	aws_text_puts(&t, rq->keys->id);
	aws_text_add(&t, "/", 1);
	add_scope(&t, rq, ret->date);
	aws_text_puts(&t, ", SignedHeaders=");
	add_names(&t, hs);
	aws_text_puts(&t, ", Signature=");
	aws_text_puts(&t, mac_hex);
	if (t.failed)
		r = -E2BIG;
	else
		memcpy(ret->authorization, t.p, t.len + 1);
	aws_text_free(&t);
	return r;
}

int aws_sign(const struct aws_sign_request *rq, struct aws_signature *ret)
{
	const time_t when = (time_t)rq->time;
	unsigned char key[EVP_MAX_MD_SIZE];
	char hex[AWS_HASH_HEX];
	struct aws_text canonical = {0}, text = {0};
	struct headers hs = {.n = 0};
	struct tm tm;
	int r;

	if (!gmtime_r(&when, &tm) ||
	    strftime(ret->date, sizeof ret->date, "%Y%m%dT%H%M%SZ", &tm) != 16)
		return -EINVAL;
	r = collect_headers(rq, ret->date, &hs);
	if (r)
		return r;
	add_canonical(&canonical, rq, &hs);
	aws_sha256_hex(canonical.p, canonical.len, hex);
	aws_text_puts(&text, "AWS4-HMAC-SHA256\n");
	aws_text_puts(&text, ret->date);
	aws_text_add(&text, "\n", 1);
	add_scope(&text, rq, ret->date);
	aws_text_add(&text, "\n", 1);
	aws_text_puts(&text, hex);
	if (canonical.failed || text.failed || !make_key(rq, ret->date, key) ||
	    !mac(key, HASH, text.p, text.len, key)) {
		r = -ENOMEM;
	} else {
		to_hex(key, HASH, hex);
		r = write_authorization(rq, &hs, hex, ret);
	}
	explicit_bzero(key, sizeof key);
	aws_text_free(&canonical);
	aws_text_free(&text);
	return r;
}

/* ---- keys ---- */

void aws_keys_clear(struct aws_keys *k)
{
	aws_wipe(k->id);
	aws_wipe(k->secret);
	aws_wipe(k->token);
	*k = (struct aws_keys){0};
}

int aws_keys_copy(struct aws_keys *dst, const struct aws_keys *src)
{
	aws_keys_clear(dst);
	dst->id = aws_dup(src->id);
	dst->secret = aws_dup(src->secret);
	dst->token = aws_dup(src->token);
	dst->expires = src->expires;
	if ((src->id && !dst->id) || (src->secret && !dst->secret) || (src->token && !dst->token)) {
		aws_keys_clear(dst);
		return -ENOMEM;
	}
	return 0;
}
