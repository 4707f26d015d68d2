/*
 * origin: each form by its beginning; every part is checked, since it becomes part of requests.
 */
#include "origin.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "trailkey.h"

/* Whether the @len bytes at @s fit and have no other characters than letters, digits and @more. */
static bool copy(char *dst, size_t size, const char *s, size_t len, const char *more)
{
	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr(more, s[i]))
			return false;
	memcpy(dst, s, len);
	dst[len] = '\0';
	return true;
}

static bool copy_account(char *dst, const char *s, size_t len)
{
	if (!trailkey_is_account(s, len))
		return false;
	memcpy(dst, s, len);
	dst[len] = '\0';
	return true;
}

/* Each of these answers NULL, or what is wrong. */

static const char *parse_bucket(const char *p, struct origin *o)
{
	size_t len = strcspn(p, "/");

	o->kind = ORIGIN_BUCKET;
	if (!copy(o->bucket, sizeof o->bucket, p, len, ".-_"))
		return "no name of a bucket: it has to be s3://BUCKET/PREFIX";
	p += len;
	while (*p == '/')
		p++;
	if (strlen(p) >= sizeof o->prefix)
		return "the prefix has more than 1,024 bytes";
	memcpy(o->prefix, p, strlen(p) + 1);
	return NULL;
}

/* The three last parts of an ARN or of sqs://region/account/name. */
static const char *parse_parts(const char *p, char sep, struct origin *o)
{
	const char *account = strchr(p, sep), *name = account ? strchr(account + 1, sep) : NULL;

	if (!name)
		return "it has to have a region, an account and a name";
	if (!copy(o->region, sizeof o->region, p, (size_t)(account - p), "-"))
		return "no name of a region";
	if (!copy_account(o->account, account + 1, (size_t)(name - account - 1)))
		return "the account has to be twelve digits";
	if (!copy(o->name, sizeof o->name, name + 1, strlen(name + 1), "-_."))
		return "no name of a queue";
	return NULL;
}

/* sqs.REGION.amazonaws.com, REGION.queue.amazonaws.com; another host says nothing of a region. */
static void region_of(const char *host, size_t len, struct origin *o)
{
	const char *dot = memchr(host, '.', len), *next;

	if (!dot || !memmem(host, len, ".amazonaws.com", 14))
		return;
	if (strncmp(host, "sqs.", 4) == 0 || strncmp(host, "sqs-fips.", 9) == 0) {
		next = memchr(dot + 1, '.', len - (size_t)(dot + 1 - host));
		if (next)
			(void)copy(o->region, sizeof o->region, dot + 1, (size_t)(next - dot - 1),
				   "-");
	} else if (strncmp(dot, ".queue.", 7) == 0) {
		(void)copy(o->region, sizeof o->region, host, (size_t)(dot - host), "-");
	}
}

static const char *parse_url(const char *params, const char *host, struct origin *o)
{
	const char *path = strchr(host, '/'), *name = path ? strrchr(path, '/') : NULL;

	if (!path || path == host || !name ||
	    !copy(o->name, sizeof o->name, name + 1, strlen(name + 1), "-_."))
		return "no URL of a queue: it has to end with /ACCOUNT/NAME";
	if (strlen(params) >= sizeof o->url)
		return "the URL has more than 1,024 bytes";
	memcpy(o->url, params, strlen(params) + 1);
	region_of(host, (size_t)(path - host), o);
	return NULL;
}

static const char *parse_queue(const char *p, struct origin *o)
{
	if (strchr(p, '/'))
		return parse_parts(p, '/', o);
	if (!copy(o->name, sizeof o->name, p, strlen(p), "-_."))
		return "no name of a queue: it has to be sqs://NAME";
	return NULL;
}

/* What follows @head in @s; NULL when it does not begin so. */
static const char *after(const char *s, const char *head)
{
	size_t n = strlen(head);

	return strncmp(s, head, n) == 0 ? s + n : NULL;
}

static const char *parse_arn(const char *p, struct origin *o)
{
	const char *service = strchr(p, ':'), *rest = service ? after(service, ":sqs:") : NULL;

	if (!rest)
		return "not the ARN of a queue";
	return parse_parts(rest, ':', o);
}

int origin_parse(const char *params, struct origin *ret, char *err, size_t err_size)
{
	struct origin o = {.kind = ORIGIN_QUEUE};
	const char *p, *why = NULL;

	if ((p = after(params, "s3://")))
		why = parse_bucket(p, &o);
	else if ((p = after(params, "sqs://")))
		why = parse_queue(p, &o);
	else if ((p = after(params, "arn:")))
		why = parse_arn(p, &o);
	else if ((p = after(params, "https://")) || (p = after(params, "http://")))
		why = parse_url(params, p, &o);
	else
		o.kind = ORIGIN_PATH;
	if (why) {
		(void)snprintf(err, err_size, "'%s': %s", params, why);
		return -EINVAL;
	}
	*ret = o;
	return 0;
}
